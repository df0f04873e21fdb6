# SPDX-License-Identifier: MIT
"""TorchRL on real ns-3: the environment's specs are checked, and a policy is rolled out.

pip install torchrl
python docs/examples/torchrl_rollout.py
"""

from __future__ import annotations

from torchrl.envs import GymWrapper, RewardSum, TransformedEnv, check_env_specs

from tandem.bridge.core.env import TandemEnv

USERS = 2
EPOCHS = 5


def main() -> None:
    # TorchRL stacks what is in an observation, so the request tables stay out of `info`.
    env = TandemEnv("wifi-edge", users=USERS, epochs=EPOCHS, records_in_info=False)
    wrapped = GymWrapper(env, categorical_action_encoding=True)
    check_env_specs(wrapped, seed=1)
    rollout = TransformedEnv(wrapped, RewardSum()).rollout(EPOCHS)
    print(rollout["action"].tolist())
    print(f"{len(rollout)} decisions, return {rollout['next', 'episode_reward'][-1].item():.3f} s")
    wrapped.close()


if __name__ == "__main__":
    main()
