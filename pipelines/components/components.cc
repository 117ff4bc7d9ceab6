#include "pipelines/components/components.h"

#include <tuple>
#include <utility>

namespace ringfence::components {
namespace {

// Ids are hashes already; the day and the secret have to be mixed in (MurmurHash3's finaliser).
// Nobody sees priorities, or which of two is the greater: a cryptographic hash is not needed.
uint64_t Priority(const NodeKey& key, const Rules& rules) {
  const uint64_t day = static_cast<uint64_t>(static_cast<uint32_t>(key.day)) << 17;
  uint64_t x = key.id.lo ^ day ^ rules.secret;
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccd;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53;
  return x ^ (x >> 33);
}

// Has the node's label, and stands before it in an order in which whoever has the label through the
// node stands behind it.
bool IsNearer(const NodeKey& key, const Neighbour& heard, const Node& node) {
  return heard.labelled && heard.root == node.root &&
         std::tie(heard.distance, key) < std::tie(node.distance, node.key);
}

// The node's label, or a better one.
bool HasLabel(const Neighbour& heard, const Node& node, const Rules& rules) {
  return heard.place != 0 && heard.labelled && !Dominates(node.root, heard.root, rules);
}

void MarkDirty(Node& node, const NodeKey& key, Neighbour& neighbour) {
  if (neighbour.dirty) return;
  neighbour.dirty = true;
  node.changed.push_back(key);
}

void SetWaiting(Node& node, const NodeKey& key, Neighbour& neighbour, bool waiting) {
  if (neighbour.waiting == waiting) return;
  neighbour.waiting = waiting;
  MarkDirty(node, key, neighbour);
  if (waiting) {
    ++node.waiting;
  } else {
    --node.waiting;
  }
}

}  // namespace

bool Dominates(const NodeKey& a, const NodeKey& b, const Rules& rules) {
  if (rules.day_ranks && a.day != b.day) return a.day > b.day;
  return std::make_tuple(Priority(a, rules), a) > std::make_tuple(Priority(b, rules), b);
}

void Components::Connect(Node& node, const NodeKey& other) {
  auto [neighbour, inserted] = node.neighbours.try_emplace(other);
  if (!inserted) return;
  MarkDirty(node, other, neighbour->second);
  if (!node.labelled) SetWaiting(node, other, neighbour->second, true);
  Send(node, neighbour, /*hello=*/true);
}

void Components::Disconnect(Node& node, const NodeKey& other) {
  auto neighbour = node.neighbours.find(other);
  if (neighbour == node.neighbours.end()) return;
  SetWaiting(node, other, neighbour->second, false);
  node.neighbours.erase(neighbour);
  if (node.parent && node.parent->key == other) node.parent.reset();
  if (!node.labelled) {
    TryAttach(node);
  } else if (node.via == other) {
    LoseVia(node);
  }
}

void Components::Receive(Node& node, const Message& message) {
  auto sender = node.neighbours.find(message.from);
  if (sender == node.neighbours.end()) return;
  Neighbour& heard = sender->second;
  if (message.place >= heard.place) Learn(node, sender, message);
  // Even if it is out of date. What is on its way needs no repeating.
  if (message.hello && heard.greeted <= message.since) Send(node, sender, /*hello=*/false);
}

void Components::Learn(Node& node, Neighbours::iterator sender, const Message& message) {
  Neighbour& heard = sender->second;
  heard.place = message.place;
  heard.labelled = message.labelled;
  heard.root = message.root;
  heard.distance = message.distance;
  heard.epoch = message.epoch;
  MarkDirty(node, message.from, heard);
  if (node.labelled) {
    ReceiveLabelled(node, sender, message);
  } else {
    ReceiveDetached(node, sender, message);
  }
  if (heard.withheld && !HasLabel(heard, node, rules_)) Send(node, sender, /*hello=*/false);
}

void Components::ReceiveDetached(Node& node, Neighbours::iterator sender, const Message& message) {
  if (message.confirmed >= node.epoch) SetWaiting(node, message.from, sender->second, false);
  const bool asks = !message.labelled && message.detached_for != node.epoch;
  if (asks && node.parent != Parent{message.from, message.epoch}) {
    // Where the parent detached again, what this node waited for is over.
    if (node.parent && node.parent->key == message.from) node.parent.reset();
    Confirm(node, sender, message.epoch);
  }
  TryAttach(node);
}

void Components::ReceiveLabelled(Node& node, Neighbours::iterator sender, const Message& message) {
  const bool from_via = node.via == message.from;
  if (!message.labelled) {
    if (!from_via || Switch(node)) {
      Confirm(node, sender, message.epoch);
    } else {
      Detach(node, Parent{message.from, message.epoch});
    }
  } else if (Dominates(message.root, node.root, rules_)) {
    node.root = message.root;
    node.distance = message.distance + 1;
    node.via = message.from;
    TellWhoLacksIt(node);
  } else if (from_via && !IsNearer(message.from, sender->second, node)) {
    LoseVia(node);
  }
}

void Components::Announce(Node& node) {
  if (!node.announce_from) return;
  auto next = node.neighbours.lower_bound(*node.announce_from);
  for (uint32_t told = 0; next != node.neighbours.end() && told < rules_.announce_max; ++told) {
    Send(node, next, /*hello=*/false);
    ++next;
  }
  if (next == node.neighbours.end()) {
    node.announce_from.reset();
    return;
  }
  node.announce_from = next->first;
  outbox_.AnnounceLater(node.key);
}

void Components::Send(Node& node, Neighbours::iterator to, bool hello) {
  Message message;
  message.from = node.key;
  message.to = to->first;
  message.place = outbox_.NextPlace();
  message.labelled = node.labelled;
  if (node.labelled) {
    message.root = node.root;
    message.distance = node.distance;
  } else {
    message.epoch = node.epoch;
    const bool is_leaf = node.parent && node.parent->key == to->first && !to->second.waiting;
    if (is_leaf) message.detached_for = node.parent->epoch;
  }
  message.confirmed = to->second.confirmed;
  if (std::exchange(to->second.withheld, false)) MarkDirty(node, to->first, to->second);
  message.hello = hello;
  if (hello) {
    message.since = outbox_.HeardUpTo(to->first);
    to->second.greeted = message.place;
  }
  outbox_.Send(message);
}

void Components::TellAll(Node& node) {
  uint32_t told = 0;
  auto next = node.neighbours.begin();
  for (; next != node.neighbours.end() && told < rules_.announce_max; ++told) {
    Send(node, next, /*hello=*/false);
    ++next;
  }
  // A call of Announce that is outstanding goes on from the new place.
  const bool outstanding = node.announce_from.has_value();
  if (next != node.neighbours.end()) {
    node.announce_from = next->first;
    if (!outstanding) outbox_.AnnounceLater(node.key);
  } else if (outstanding) {
    // Everybody has been told; the outstanding call then has nothing left to do.
    node.announce_from = node.neighbours.empty() ? node.key : node.neighbours.last_key();
  }
}

void Components::Withhold(Node& node, Neighbours::iterator from) {
  if (!std::exchange(from->second.withheld, true)) MarkDirty(node, from->first, from->second);
}

void Components::TellWhoLacksIt(Node& node) {
  if (node.neighbours.size() > rules_.announce_max || node.announce_from) return TellAll(node);
  for (auto next = node.neighbours.begin(); next != node.neighbours.end(); ++next) {
    if (HasLabel(next->second, node, rules_)) {
      Withhold(node, next);
    } else {
      Send(node, next, /*hello=*/false);
    }
  }
}

void Components::TellWhoIsNoNearer(Node& node) {
  if (node.neighbours.size() > rules_.announce_max || node.announce_from) return TellAll(node);
  for (auto next = node.neighbours.begin(); next != node.neighbours.end(); ++next) {
    if (IsNearer(next->first, next->second, node)) {
      Withhold(node, next);
    } else {
      Send(node, next, /*hello=*/false);
    }
  }
}

void Components::Confirm(Node& node, Neighbours::iterator to, Place epoch) {
  if (to->second.confirmed >= epoch) return;
  to->second.confirmed = epoch;
  MarkDirty(node, to->first, to->second);
  Send(node, to, /*hello=*/false);
}

void Components::LoseVia(Node& node) {
  if (!Switch(node)) Detach(node, std::nullopt);
}

bool Components::Switch(Node& node) {
  const Neighbour* nearest = nullptr;
  for (const auto& [key, heard] : node.neighbours) {
    if (!IsNearer(key, heard, node)) continue;
    if (nearest == nullptr || heard.distance < nearest->distance) {
      nearest = &heard;
      node.via = key;
    }
  }
  return nearest != nullptr;
}

void Components::Detach(Node& node, std::optional<Parent> parent) {
  node.labelled = false;
  node.via.reset();
  node.epoch = outbox_.NextPlace();
  node.parent = parent;
  if (parent && node.neighbours.size() == 1) {
    auto told = node.neighbours.find(parent->key);
    told->second.confirmed = parent->epoch;
    MarkDirty(node, told->first, told->second);
  } else if (rules_.wait_for_confirmations) {
    // The parent too: what it said before may still be on its way.
    for (auto [key, neighbour] : node.neighbours) SetWaiting(node, key, neighbour, true);
  }
  TellAll(node);
  TryAttach(node);
}

void Components::TryAttach(Node& node) {
  if (node.labelled || node.waiting > 0) return;
  if (node.parent) {
    auto parent = node.neighbours.find(node.parent->key);
    Confirm(node, parent, node.parent->epoch);
    // Until the parent attaches, some of the cut-off tree may still hold the old label.
    const Neighbour& heard = parent->second;
    if (!heard.labelled && heard.place != 0 && heard.epoch <= node.parent->epoch) return;
    node.parent.reset();
  }
  const NodeKey* via = nullptr;
  const Neighbour* best = nullptr;
  for (const auto& [key, heard] : node.neighbours) {
    if (!heard.labelled) continue;
    if (best == nullptr || Dominates(heard.root, best->root, rules_) ||
        (heard.root == best->root && heard.distance < best->distance)) {
      best = &heard;
      via = &key;
    }
  }
  node.labelled = true;
  if (best != nullptr && Dominates(best->root, node.key, rules_)) {
    node.root = best->root;
    node.distance = best->distance + 1;
    node.via = *via;
  } else {
    node.root = node.key;
    node.distance = 0;
    node.via.reset();
  }
  TellWhoIsNoNearer(node);
}

}  // namespace ringfence::components
