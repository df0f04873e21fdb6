# SPDX-License-Identifier: MIT
"""How many real steps agents need in an unchanged example of ns3-gym: interference-pattern.

pip install 'ns3-tandem[sb3]'
git clone https://github.com/tkn-tub/ns3-gym
tandem build --compat ns3-gym/examples/interference-pattern
python gym_hybrid.py ns3-gym/examples/interference-pattern/tandem-build/interference-pattern

An interferer hops over four channels; an agent sees which were busy and chooses one for the next
slot. A free slot is worth 1, a collision -1, and a third collision within ten slots ends the
episode. Episodes have 100 slots, as in the example's own script, which plays 200 of them. The
hybrid agent has its settings for any scenario, PPO and DQN those of Stable-Baselines3; but PPO
learns after each 100 steps, because its 2048 are more than it needs here. They are judged without
exploration, in episodes of other seeds than those they learn in.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import torch
from stable_baselines3 import DQN, PPO

from tandem.agents.evaluation.returns import ReturnJudge
from tandem.agents.evaluation.seeds import EPISODES
from tandem.agents.general.hybrid import HybridConfig
from tandem.agents.hybrid import HybridAgent
from tandem.agents.training.gym_world import GymWorld
from tandem.agents.training.loop import Training
from tandem.compat.ns3ai import Ns3Env

SLOTS = 100
#: Longer than the slots of an episode: at its own end the scenario observes nothing.
SETTINGS = {"simSeed": 1, "simTime": 12}
#: Steps after which agents are judged; before any, for what an untrained network happens to do.
HYBRID_STEPS = (0, 45, 50, 60, 80, 100)
MODEL_FREE_STEPS = tuple(range(0, 1_001, 100))

Row = tuple[int, float]


def make(simulator: str) -> gymnasium.Env[Any, Any]:
    """The example, in episodes of so many slots."""
    env = Ns3Env(simulator, ns3Settings=SETTINGS, strictEnds=True)
    return gymnasium.wrappers.TimeLimit(env, SLOTS)


def hybrid(simulator: str, seed: int, judge: ReturnJudge) -> list[Row]:
    """Returns of the hybrid agent after some steps."""
    world = GymWorld(make(simulator))
    agent = HybridAgent(world, HybridConfig(), seed)
    training = Training(world, agent, seed)
    rows = []
    for steps in HYBRID_STEPS:
        training.run(steps)
        got = judge.judge(lambda seen: agent.act(world.as_blocks(seen)))
        rows.append((steps, got.mean))
    world.env.close()
    return rows


def model_free(algorithm: Any, simulator: str, seed: int, judge: ReturnJudge) -> list[Row]:
    """Returns of an algorithm of Stable-Baselines3 after some steps."""
    env = make(simulator)
    settings = {"n_steps": SLOTS, "batch_size": SLOTS // 2} if algorithm is PPO else {}
    model = algorithm("MlpPolicy", env, seed=seed, device="cpu", **settings)
    rows: list[Row] = []
    for steps in MODEL_FREE_STEPS:
        if steps:
            model.learn(steps - model.num_timesteps, reset_num_timesteps=model.num_timesteps == 0)
        got = judge.judge(lambda seen: model.predict(np.asarray(seen), deterministic=True)[0])
        rows.append((model.num_timesteps, got.mean))
    env.close()
    return rows


def told(rows: list[Row]) -> str:
    """From which evaluation on all slots were free."""
    kept: int | None = None
    for steps, got in rows:
        kept = None if got < SLOTS else steps if kept is None else kept
    last, got = rows[-1]
    from_then = "" if kept is None else f"; every slot free from {kept} steps on"
    return f"return {got:.1f} after {last} steps{from_then}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("simulator", help="that tandem build --compat made")
    parser.add_argument("--seeds", type=int, default=5, help="trainings of each agent")
    parser.add_argument("--episodes", type=int, default=3, help="that judge")
    parser.add_argument("--agents", default="hybrid,PPO,DQN", help="of these three")
    parser.add_argument("--out", type=Path, help="JSON file of the results; it is added to")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    path = str(Path(given.simulator).resolve())
    done: dict[str, list[Row]] = {}
    if given.out is not None and given.out.is_file():
        done = json.loads(given.out.read_text(encoding="utf-8"))
    judging = make(path)
    episodes = range(EPISODES.first, EPISODES.first + given.episodes)
    judge = ReturnJudge(judging, episodes, SLOTS)

    algorithms = {"PPO": PPO, "DQN": DQN}
    for name in given.agents.split(","):
        for seed in range(1, given.seeds + 1):
            key = f"{name} {seed}"
            if key not in done:
                done[key] = (
                    model_free(algorithms[name], path, seed, judge)
                    if name in algorithms
                    else hybrid(path, seed, judge)
                )
                if given.out is not None:
                    given.out.write_text(json.dumps(done, indent=1) + "\n", encoding="utf-8")
            print(f"{key}: {told(done[key])}", flush=True)
    judging.close()


if __name__ == "__main__":
    main()
