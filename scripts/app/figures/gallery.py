# SPDX-License-Identifier: MIT
"""The figures of inference scenarios, in the order of the report."""

from __future__ import annotations

from typing import Final

from tandem.scripts.app.figures import choices, latency, learning, places, radio, timeline
from tandem.scripts.app.figures.figure import Figure

FIGURES: Final = (
    Figure(
        "map",
        "Topology",
        "Users at their last place of the first episode, with the trail they walked. Filled: where "
        "most of their requests ran; ring: their cell; diamond: weak network. Edge and cloud are "
        "drawn aside; they have no place in the radio model.",
        places.topology_map,
    ),
    Figure(
        "latency",
        "Response time",
        "Share of requests that ended within a time (log axis), per site. Diamonds mark p50, p95 "
        "and p99 of all. A request that timed out counts with its time-out.",
        latency.latency_cdf,
    ),
    Figure(
        "components",
        "Where the time goes",
        "Mean of each component of the response time, per site. They add up to the mean response "
        "time.",
        latency.components,
    ),
    Figure(
        "energy",
        "Energy of a request",
        "Mean per site. Radio: what the user's radio drew more than an idle one, others' frames "
        "that it heard included. Device: what it drew for its part in the inference, where the "
        "scenario was told what it draws.",
        latency.energy,
    ),
    Figure(
        "timeline",
        "Request timeline",
        "Every request of the first episode from arrival to end; vertical lines are decisions. "
        "Zoom by dragging, or pick a decision below the heading. Uplink queue and own radio are "
        "interleaved in reality; here the waiting is drawn first.",
        timeline.timeline,
    ),
    Figure(
        "throughput",
        "Throughput over time",
        "Upload bits that reached their site per decision epoch, stacked over users.",
        radio.throughput,
    ),
    Figure(
        "airtime",
        "Airtime over time",
        "Share of each epoch in which a radio transmitted, stacked over senders; transmissions "
        "that collide or use another cell count twice. Black: how busy the cell found its channel "
        "(WiFi), or its share of uplink resource blocks in use (LTE).",
        radio.airtime,
    ),
    Figure(
        "retransmissions",
        "Retransmissions and losses",
        "MAC: frames or HARQ blocks that the user's radio sent again; TCP: segments. Right: what "
        "the sender or the receiving PHY gave as reason; one frame can have several.",
        radio.retransmissions,
    ),
    Figure(
        "fairness",
        "Fairness",
        "Jain's index is 1 when all users have the same mean response time, and 1 / users when one "
        "has everything.",
        choices.fairness,
    ),
    Figure(
        "mix",
        "Decisions over time",
        "Share of each option among the requests of a decision.",
        choices.decision_mix,
    ),
    Figure(
        "plane",
        "Accuracy and response time",
        "Small points: decisions; large points: their mean. Stars: the oracle's joint action at "
        "states of the run (tandem report --oracle N); dotted: its time at the states of a trained "
        "run's evaluations. Up and left is better.",
        choices.accuracy_latency,
    ),
    Figure(
        "learning",
        "Learning curve",
        "Left: cost of real interactions. Right: the greedy policy against the oracle. Bands: 95 % "
        "bootstrap intervals over seeds; for a single run, the normal interval of the moving mean.",
        learning.learning_curve,
    ),
    Figure(
        "model",
        "Model error and calibration",
        "Left: error of the agent's model on what it had not seen. Right: small points are "
        "decisions, large ones means of equally many; on the diagonal the model is calibrated.",
        learning.model_error,
    ),
)
