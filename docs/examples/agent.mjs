// A complete agent in Node with the `mqtt` package: signs in, takes what it is offered, finishes it.
//
//   node agent.mjs URL CENTRE AGENT [SECONDS]     URL: mqtt://127.0.0.1:1883; SECONDS: how long a contact takes (30)
//
// SIGTERM: it finishes what it holds, and leaves. Killed, its last will tells the router.
import { randomUUID } from "node:crypto";
import mqtt from "mqtt";

const [url, centre, agent, seconds = "30"] = process.argv.slice(2);
if (!agent) {
  console.error("usage: node agent.mjs URL CENTRE AGENT [SECONDS]");
  process.exit(2);
}
const status = `switchroom/v1/${centre}/router/status`;
const me = `switchroom/v1/${centre}/agents/${agent}`;
const session = randomUUID();
const connection = (is_connected) => JSON.stringify({ session, is_connected });

const asked = new Map(); // request → what to do with its reply
const working = new Set(); // interactions, so that nothing is begun twice
let presence = "offline";
let isLeaving = false;

const client = mqtt.connect(url, {
  keepalive: 5,
  reconnectPeriod: 500,
  queueQoSZero: false,
  will: { topic: `${me}/connection`, payload: connection(false), qos: 1, retain: true },
});

const publish = (topic, message, retain = false) => client.publish(topic, message, { qos: 1, retain });

// Repeats a command until the router has answered it; the same request is carried out once.
function say(verb, fields = {}) {
  const request = randomUUID();
  const message = JSON.stringify({ request, session, ...fields });
  const send = () => client.connected && publish(`${me}/commands/${verb}`, message);
  return new Promise((done) => {
    const again = setInterval(send, 3000);
    asked.set(request, (reply) => {
      clearInterval(again);
      asked.delete(request);
      if (reply.type === "refused") console.error(`${verb}: ${reply.problem.detail}`);
      done(reply);
    });
    send();
  });
}

async function signIn() {
  publish(`${me}/connection`, connection(true), true);
  const { agent: state } = await say("sign-in");
  if (!state) return;
  presence = state.presence; // nobody tells it again where it was so before
  // From before it was started, or lost its link:
  for (const offer of state.offers) say("accept", { offer_id: offer.offer_id });
  for (const held of state.work) {
    if (held.state === "wrap-up") say("wrap-up-done", { interaction_id: held.work.interaction_id });
    else work(held.work);
  }
  const held = new Set(state.work.map((each) => each.work.interaction_id));
  for (const id of working) if (!held.has(id)) working.delete(id);
}

function work({ interaction_id }) {
  if (working.has(interaction_id)) return;
  working.add(interaction_id);
  console.log(`connected ${interaction_id}`);
  setTimeout(async () => {
    if (!working.has(interaction_id)) return; // it was taken away
    await say("finish", { interaction_id });
    console.log(`finished ${interaction_id}`);
  }, Number(seconds) * 1000);
}

const inbox = {
  offer: (message) => say("accept", { offer_id: message.offer_id }),
  connect: (message) => work(message.work),
  "wrap-up": (message) => say("wrap-up-done", { interaction_id: message.interaction_id }),
  release: (message) => working.delete(message.interaction_id),
  closed: (message) => working.delete(message.interaction_id),
  presence: (message) => {
    presence = message.presence;
    if (presence === "offline" && isLeaving) end();
  },
};

client.on("message", (topic, payload) => {
  const message = JSON.parse(payload);
  if (topic === status) {
    if (message.state === "running") signIn(); // it is there, for the first time or anew
  } else if (topic === `${me}/replies`) {
    asked.get(message.request)?.(message); // unknown: of another device
  } else {
    inbox[message.type]?.(message); // unknown: of a newer router
  }
});
client.on("connect", () => client.subscribe([`${me}/replies`, `${me}/inbox`, status], { qos: 1 }));
client.on("error", (error) => console.error(`${url}: ${error.message || error.code}`));

const heart = setInterval(async () => {
  if (!client.connected) return;
  const request = randomUUID();
  asked.set(request, (reply) => {
    asked.delete(request);
    const isLost = reply.type === "refused" && reply.problem.state === "offline";
    if (isLost && !isLeaving) signIn();
  });
  publish(`${me}/commands/heartbeat`, JSON.stringify({ request, session }));
}, 2000);

function leave() {
  if (isLeaving) return;
  isLeaving = true;
  if (presence === "offline") end();
  else say("drain"); // offline as soon as nothing is held
}

async function end() {
  clearInterval(heart);
  await client.publishAsync(`${me}/connection`, connection(false), { qos: 1, retain: true });
  await client.endAsync();
  process.exit(0);
}

process.on("SIGTERM", leave);
process.on("SIGINT", leave);
