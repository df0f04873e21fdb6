// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_ACTION_MASK_H
#define TANDEM_ACTION_MASK_H

#include "agent-link/action-block.h"
#include "agent-link/blocks.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ns3::tandem
{

/**
 * Says at each decision which choices of an integer action block make sense. It travels as an
 * observation block of its own: 1 is allowed, 0 is not, one entry for each value and choice. At
 * the beginning of an episode everything is allowed; what is said stays until it is said anew.
 *
 * A forbidden choice is still handed over if an agent makes it: not every agent knows masks. The
 * scenario decides what it then means; the agent's side counts it.
 */
class ActionMask
{
  public:
    /**
     * @param name of the observation block
     * @param action whose choices it speaks of; integers
     */
    ActionMask(std::string name, const ActionBlock& action);

    /** Allow or forbid one choice of the value at an index. */
    void Allow(size_t index, int32_t choice, bool allowed);
    void AllowAll();
    /** @return whether a choice of the value at an index is allowed */
    bool IsAllowed(size_t index, int32_t choice) const;
    /** Write what is said into the block: at the beginning of an episode. */
    void Fill();

    /** @return name of the observation block */
    const std::string& GetName() const;
    const ActionBlock& GetAction() const;
    /** @return the block, to be handed over to the schema, which owns it */
    std::unique_ptr<ObservationBlock> TakeBlock();

  private:
    size_t Find(size_t index, int32_t choice) const;

    const ActionBlock& m_action;
    size_t m_choices; //!< most choices that a value has
    std::unique_ptr<ObservationBlock> m_owned;
    ObservationBlock* m_block;
    std::vector<bool> m_allowed;
    bool m_filled{false};
};

} // namespace ns3::tandem

#endif // TANDEM_ACTION_MASK_H
