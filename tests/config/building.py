"""What the tests of configuration share: a small valid centre, one with everything, and what is wrong with a text."""

from __future__ import annotations

from textwrap import dedent

from router import config
from router.errors import ConfigError

VALID = """\
centre: small
skills: [billing, french, english]
channels: [voice, chat]
pools:
  team: {skills: {billing: 1}}
  bosses: {members: [ana]}
sections:
  billing:
    needs: {billing: 3, any: [french >= 4, {english: 2, opens: 30s}]}
    intake:
      - when: {channel: voice, attributes.tier: {in: [gold, silver]}}
        priority: 2
    answer: {within: 20s, share: 80%}
    tiers: [team, bosses]
    score: {skill-fit: 1}
    ladder:
      - after: 30s
        do: [relax: french, widen-to: bosses]
      - when: {queue-length: 20}
        do:
          - notify: {target: bosses, message: many}
          - divert: voicemail
    offers: {timeout: 15s, on-no-answer: {pause: 30s}}
    wrap-up: {timed: 10s, channels: {chat: none}}
    limit: {max-waiting: 50}
agents:
  ana: {name: Ana, skills: {billing: 7, english: 9}, tags: {site: north}}
  ben: {skills: {french: 4, billing: 3}, channels: [chat], channel-max: {chat: 2}}
""".replace("do: [relax: french, widen-to: bosses]", "do: [relax: french, {widen-to: bosses}]")

EVERYTHING = """\
centre: all
description: everything there is
skills: [billing, french, english]
channels:
  voice: {}
  chat: {cost: 50, choice: round-robin}
  mail: {cost: 10, interruptible-by: [voice, chat], when-agent-lost: keep}
  query: {when-agent-lost: 5m}
order: strict
selection: own-first
seed: 7
presence-ttl: 45s
hop-limit: 3
check-every: 2s
remember: 1h30m
limit: {max-waiting: 900, divert: later}
successors: {old: s, older: vip}
pools:
  team: {skills: {billing: 3, french: 1}, tags: {site: north}, kind: human}
  bosses: {members: [ana], queues: {main: 2}}
  all: {}
offers:
  timeout: 30s
  on-no-answer: {pause: 10s}
  channels: {mail: {timeout: 2m, on-no-answer: keep}}
wrap-up: {timed: 20s, channels: {mail: none}}
sections:
  s:
    description: the first
    default-queue: main
    unmatched: refuse
    trust-sender: false
    head-start-per-point: 30s
    intake:
      - name: gold
        when: {channel: voice, attributes.tier: {in: [gold, silver]}}
        queue: vip
        priority: 5
        needs: {french: ">= 4", billing: 3}
      - when:
          any:
            - {customer: {prefix: "49"}, priority: {">=": 2, "<": 8}}
            - not: {attributes.age: {exists: true}}
            - all: [{attributes.n: 1.5}, {attributes.vip: true}]
            - [{attributes.x: {"!=": a}}, {attributes.x: {">": 1, "<=": 9}}]
            - {channel: [chat, mail]}
        needs: []
      - priority: -1
    offers: {timeout: 15s, max-no-answer: 2, retry-after: 90s, all-declined-pause: 3s, channels: {query: {auto-answer: true}}}
    wrap-up: {until-done: 5m, scope: section, channels: {chat: {timed: 5s, scope: interaction}}}
    limit: {max-waiting: 100, overflow: t}
    answer: {within: 10s, share: 99.5%}
    selection: {weight: 3, share: 2}
    queues:
      main:
        priority: 1
        tiers: [team, [bosses, all]]
        skip-empty: false
        time-to-live: 20m
        score: {skill-fit: 1, most-skilled: -0.25}
        choice: random
        ladder:
          - after: 0s
            do: [relax: french, {relax: {skill: billing, to: 2}}, {relax: {tag: site}}]
          - {name: second, after: 1m30s, do: [{widen-to: [bosses, all]}, {raise-priority: 3}]}
          - {after: 90s, do: [{move-to: vip}]}
          - {when: no-eligible-agent, do: [notify: bosses, {notify: {target: log, message: nobody}}]}
          - {when: {queue-length: 20}, do: [set-priority: -2, expedite: true, {move-to: t}]}
          - {after: 10m, do: [divert: voicemail]}
          - {when: {queue-length: 90}, do: [end: too many]}
        limit: {max-waiting: 50}
      vip:
        answer: {within: 5s}
        limit: {max-waiting: 10, overflow: main}
        selection: {share: 5, cost-slope: 1.5, handle-time: 4m}
        needs:
          - billing
          - {french: 4, expires: 20s}
          - {english: "!= 3", weight: 0.5}
          - any:
              - {pool: team}
              - {agent: [ana, ben], opens: 30s}
              - [french > 1, english < 9]
          - not: {tag: {site: south, training: 1}}
          - {pool: [team, all], agent: ana}
          - {all: [billing <= 9, french == 5], expires: 1m}
  t: {needs: {french: 2, expires: 5s}}
agents:
  ana:
    name: Ana
    skills: {french: 9, billing: 7}
    tags: {site: north, floor: 3}
    capacity: 150
    channels: [voice, chat]
    channel-max: {chat: 2}
    costs: {chat: 40}
    wrap-up: {channels: {voice: {until-done: 1m}}}
    queues: {vip: 1, t: {level: 2, after: 30s}}
    other-queues: {after: 1m}
  ben: {kind: automated, wrap-up: none}
  1001: {}
"""


def wrong_with(text: str) -> list[str]:
    """Return every problem of a centre in one text, as people see it, without the name of the text."""
    try:
        config.load_text(dedent(text), "x")
    except ConfigError as error:
        return [str(problem).removeprefix("x:") for problem in error.problems]
    return []


def wrong_in_section(body: str) -> list[str]:
    """Return the problems of a centre with one section ``s``, whose settings start on line 6, indented by four."""
    head = """\
    skills: [billing, french]
    pools: {team: {skills: {billing: 1}}}
    agents: {ana: {skills: {billing: 5}}}
    sections:
      s:
    """
    indented = "".join(f"    {line}\n" if line else "\n" for line in dedent(body).strip("\n").split("\n"))
    return wrong_with(dedent(head) + indented)
