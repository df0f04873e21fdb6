// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_COMPAT_SHARED_VECTOR_H
#define TANDEM_COMPAT_SHARED_VECTOR_H

#include "channel/duplex.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace ns3::tandem::compat
{

/**
 * A vector whose elements and length lie in a block of shared memory: std::vector's interface, but
 * elements never move, so pointers to them stay valid, and the capacity is the block's.
 */
template <typename T>
class SharedVector
{
  public:
    using value_type = T;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using reference = T&;
    using const_reference = const T&;
    using pointer = T*;
    using const_pointer = const T*;
    using iterator = T*;
    using const_iterator = const T*;

    SharedVector() = default;
    SharedVector(const SharedVector&) = delete;
    SharedVector& operator=(const SharedVector&) = delete;

    /** Take a block as the elements' memory; the length stays what the block's way says. */
    void Attach(::tandem::channel::Way& way, void* block, std::uint64_t bytes)
    {
        m_count = &way.count;
        m_data = static_cast<T*>(block);
        m_capacity = bytes / sizeof(T);
    }

    size_type size() const
    {
        return m_count->load(std::memory_order_relaxed);
    }

    size_type capacity() const
    {
        return m_capacity;
    }

    size_type max_size() const
    {
        return m_capacity;
    }

    bool empty() const
    {
        return size() == 0;
    }

    /** New elements are value-initialised. @throws std::length_error beyond the block */
    void resize(size_type count)
    {
        reserve(count);
        for (size_type i = size(); i < count; ++i)
        {
            new (m_data + i) T();
        }
        m_count->store(count, std::memory_order_relaxed);
    }

    void resize(size_type count, const T& value)
    {
        reserve(count);
        for (size_type i = size(); i < count; ++i)
        {
            new (m_data + i) T(value);
        }
        m_count->store(count, std::memory_order_relaxed);
    }

    /** Checks the limit; the memory is there already. */
    void reserve(size_type count)
    {
        if (count > m_capacity)
        {
            throw std::length_error(
                "a vector of " + std::to_string(count) + " elements of " +
                std::to_string(sizeof(T)) + " bytes exceeds its shared memory (" +
                std::to_string(m_capacity) +
                " elements): give Experiment a larger shmSize on the Python side");
        }
    }

    void clear()
    {
        m_count->store(0, std::memory_order_relaxed);
    }

    void push_back(const T& value)
    {
        resize(size() + 1, value);
    }

    template <typename... Args>
    reference emplace_back(Args&&... args)
    {
        const size_type index = size();
        reserve(index + 1);
        new (m_data + index) T(std::forward<Args>(args)...);
        m_count->store(index + 1, std::memory_order_relaxed);
        return m_data[index];
    }

    void pop_back()
    {
        m_count->store(size() - 1, std::memory_order_relaxed);
    }

    template <typename Iterator>
    void assign(Iterator first, Iterator last)
    {
        clear();
        for (; first != last; ++first)
        {
            push_back(*first);
        }
    }

    /** @throws std::out_of_range */
    reference at(size_type index)
    {
        Check(index);
        return m_data[index];
    }

    const_reference at(size_type index) const
    {
        Check(index);
        return m_data[index];
    }

    reference operator[](size_type index)
    {
        return m_data[index];
    }

    const_reference operator[](size_type index) const
    {
        return m_data[index];
    }

    reference front()
    {
        return m_data[0];
    }

    reference back()
    {
        return m_data[size() - 1];
    }

    pointer data()
    {
        return m_data;
    }

    const_pointer data() const
    {
        return m_data;
    }

    iterator begin()
    {
        return m_data;
    }

    const_iterator begin() const
    {
        return m_data;
    }

    const_iterator cbegin() const
    {
        return m_data;
    }

    iterator end()
    {
        return m_data + size();
    }

    const_iterator end() const
    {
        return m_data + size();
    }

    const_iterator cend() const
    {
        return m_data + size();
    }

  private:
    void Check(size_type index) const
    {
        if (index >= size())
        {
            throw std::out_of_range("element " + std::to_string(index) + " of a vector of " +
                                    std::to_string(size()));
        }
    }

    std::atomic<std::uint64_t>* m_count{nullptr};
    T* m_data{nullptr};
    size_type m_capacity{0};
};

} // namespace ns3::tandem::compat

#endif // TANDEM_COMPAT_SHARED_VECTOR_H
