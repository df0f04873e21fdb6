// SPDX-License-Identifier: GPL-2.0-only
/** @file One argument of a program; programs declare theirs with Arguments. */
#ifndef TANDEM_ARGUMENT_H
#define TANDEM_ARGUMENT_H

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace ns3::tandem
{

/** The numbers that an argument takes, both ends allowed. */
struct Range
{
    /** An infinite end stands for the variable's own limit. */
    Range(double low, double high, std::string unit = "");

    double low;
    double high;
    std::string unit; //!< may be empty
};

/** The values that an argument takes, one by one. */
struct Choices
{
    Choices(std::initializer_list<const char*> values, std::string unit = "");

    std::vector<std::string> values;
    std::string unit; //!< may be empty
};

/** The declaration of one argument. */
class Argument
{
  public:
    /** Who sets an argument. */
    enum class Owner
    {
        BRIDGE,   //!< the Python side, or whoever runs the program without an agent
        CORE,     //!< the user; every scenario has it
        SCENARIO, //!< the user; this scenario has it
    };

    Argument(std::string name, std::string help, std::string unit = "");
    virtual ~Argument() = default;
    Argument(const Argument&) = delete;
    Argument& operator=(const Argument&) = delete;

    /** Say who sets it; the default is SCENARIO. */
    Argument& OwnedBy(Owner owner);
    /** Say what to do once a value was taken. */
    Argument& Then(std::function<void()> done);
    /** Say that it decides which other arguments there are (see Arguments::ParseSelectors()). */
    Argument& Selects();

    /** Say that it names files that each episode writes for itself (see TraceFiles). */
    Argument& PerEpisode();

    /**
     * Say when another value than the default would be without effect.
     * @param obstacle tells, once all is parsed, what is in the way and what to do about it, such
     *        as "there is no --trace=FILE; give one"; nothing where the value counts
     */
    Argument& Unless(std::function<std::string()> obstacle);

    /** Take a value; ends the program if it is none. @return true, as CommandLine expects */
    bool Parse(const std::string& text);
    /** End the program unless the variable's value is within the limits. */
    virtual void Check() const = 0;
    /** End the program if it was given another value than the default, without effect. */
    void CheckEffect() const;
    /** @return the declaration as a JSON object */
    std::string Describe() const;

    const std::string& GetName() const;
    bool IsSelector() const;
    /** @return help with unit and limits */
    std::string GetHelp() const;
    /** @return the variable's value as text */
    virtual std::string Format() const = 0;

  protected:
    /** Limits as JSON values. */
    struct Limits
    {
        std::string low{"null"};
        std::string high{"null"};
        std::vector<std::string> choices;
    };

    /** Set the variable; ends the program if it cannot. */
    virtual void Read(const std::string& text) = 0;
    /** @return the kind of value in the JSON: integer, real, flag, text or file */
    virtual std::string GetType() const = 0;
    /** @return the variable's value as JSON */
    virtual std::string FormatJson() const = 0;
    /** @return the limits for people, e.g. "1 … 64"; may be empty */
    virtual std::string FormatLimits() const;
    /** @return the limits for programs */
    virtual Limits GetLimits() const;
    /** End the program because of a value. */
    [[noreturn]] void Refuse(const std::string& text, const std::string& fault) const;

    std::string m_name;
    std::string m_help;
    std::string m_unit;

  private:
    Owner m_owner{Owner::SCENARIO};
    bool m_selects{false};
    bool m_perEpisode{false};
    std::function<void()> m_done;
    std::function<std::string()> m_obstacle;
    std::optional<std::string> m_default; //!< as JSON, once the variable has another value
};

/** A number; the whole text has to be one. */
template <typename T>
class NumberArgument : public Argument
{
  public:
    NumberArgument(std::string name, std::string help, T& value, const Range& range);
    NumberArgument(std::string name, std::string help, T& value, const Choices& choices);

    void Check() const override;
    std::string Format() const override;

  private:
    void Read(const std::string& text) override;
    std::string GetType() const override;
    std::string FormatJson() const override;
    std::string FormatLimits() const override;
    Limits GetLimits() const override;
    void CheckValue(const std::string& text, T value) const;

    T& m_value;
    T m_low;
    T m_high;
    std::vector<T> m_choices;
};

/** On or off. */
class FlagArgument : public Argument
{
  public:
    FlagArgument(std::string name, std::string help, bool& value);

    void Check() const override;
    std::string Format() const override;

  private:
    void Read(const std::string& text) override;
    std::string GetType() const override;
    std::string FormatJson() const override;
    std::string FormatLimits() const override;

    bool& m_value;
};

/** A text, a word out of several, or the name of a file. */
class TextArgument : public Argument
{
  public:
    /**
     * @param type `text` or `file`
     * @param choices empty: any text
     */
    TextArgument(std::string name,
                 std::string help,
                 std::string& value,
                 std::string type,
                 std::vector<std::string> choices = {});

    void Check() const override;
    std::string Format() const override;

  private:
    void Read(const std::string& text) override;
    std::string GetType() const override;
    std::string FormatJson() const override;
    std::string FormatLimits() const override;
    Limits GetLimits() const override;
    void CheckValue(const std::string& text) const;

    std::string& m_value;
    std::string m_type;
    std::vector<std::string> m_choices;
};

} // namespace ns3::tandem

#endif // TANDEM_ARGUMENT_H
