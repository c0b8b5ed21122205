"""What the tests of configuration share: a small valid centre, and what is wrong with a text."""

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
