#include "services/publish/console/campaign_ties.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace ringfence::publish {
namespace {

// Neighbours elsewhere that are looked up for related campaigns.
constexpr size_t kOthersMax = 5'000;

struct Sum {
  uint32_t incidents = 0;
  uint32_t organisations = 0;
  bool active = false;
  bool infrastructure = false;
  std::string_view reason = {};

  // Both ends tell of a tie; an IP does for each day.
  void Add(const cluster::BaseTie& tie) {
    incidents = std::max(incidents, tie.incidents);
    organisations = std::max(organisations, tie.organisations);
    if (reason.empty() || (tie.active && !active)) reason = ties::WordOf(tie.reason);
    active = active || tie.active;
    infrastructure = infrastructure || tie.infrastructure;
  }
};

struct Edge {
  uint32_t first = 0;
  uint32_t second = 0;
  Sum sum;
  // Two members of one base, which needs no tie.
  bool same_base = false;
  uint32_t splits_off = 0;
};

// Sets, for each edge that joins and without which its ends would not hang together, how many
// members are on the smaller side (Tarjan 1974).
class Bridges {
 public:
  Bridges(size_t nodes, std::vector<Edge>& edges)
      : edges_(edges), neighbours_(nodes), entered_(nodes), low_(nodes), size_(nodes, 1) {
    for (uint32_t e = 0; e < edges.size(); ++e) {
      if (!edges[e].sum.active) continue;
      neighbours_[edges[e].first].push_back({edges[e].second, e});
      neighbours_[edges[e].second].push_back({edges[e].first, e});
    }
  }
  void Find() {
    for (uint32_t node = 0; node < neighbours_.size(); ++node) {
      if (entered_[node] != 0) continue;
      found_.clear();
      Walk(node);
      // Only now is it known how many hang together.
      for (const auto& [edge, below] : found_)
        edges_[edge].splits_off = std::min(below, size_[node] - below);
    }
  }

 private:
  static constexpr uint32_t kNone = ~0u;
  struct Step {
    uint32_t node = 0;
    uint32_t via = kNone;
    size_t next = 0;
  };

  void Walk(uint32_t root) {
    std::vector<Step> path = {Enter(root, kNone)};
    while (!path.empty()) {
      Step& step = path.back();
      if (step.next < neighbours_[step.node].size()) {
        const auto [other, edge] = neighbours_[step.node][step.next++];
        if (edge == step.via) continue;
        if (entered_[other] != 0) {
          low_[step.node] = std::min(low_[step.node], entered_[other]);
        } else {
          path.push_back(Enter(other, edge));
        }
        continue;
      }
      const Step done = step;
      path.pop_back();
      if (path.empty()) continue;
      const uint32_t above = path.back().node;
      low_[above] = std::min(low_[above], low_[done.node]);
      size_[above] += size_[done.node];
      if (low_[done.node] > entered_[above]) found_.emplace_back(done.via, size_[done.node]);
    }
  }
  Step Enter(uint32_t node, uint32_t via) {
    entered_[node] = low_[node] = ++clock_;
    return {node, via, 0};
  }

  std::vector<Edge>& edges_;
  std::vector<std::vector<std::pair<uint32_t, uint32_t>>> neighbours_;
  // When a walk came to it first; 0: not yet.
  std::vector<uint32_t> entered_;
  std::vector<uint32_t> low_;
  // With all below it.
  std::vector<uint32_t> size_;
  std::vector<std::pair<uint32_t, uint32_t>> found_;
  uint32_t clock_ = 0;
};

void Write(std::vector<Edge> edges, console::v1::CampaignGraph& graph) {
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
    const auto order = [](const Edge& edge) {
      return std::tuple(!edge.sum.active, edge.sum.incidents, edge.first, edge.second);
    };
    return order(a) < order(b);
  });
  if (edges.size() > kTiesMax) {
    graph.set_ties_left_out(static_cast<uint32_t>(edges.size() - kTiesMax));
    edges.resize(kTiesMax);
  }
  console::v1::Ties& ties = *graph.mutable_ties();
  for (const Edge& edge : edges) {
    ties.add_first(edge.first);
    ties.add_second(edge.second);
    ties.add_incidents(edge.sum.incidents);
    ties.add_organisations(edge.sum.organisations);
    ties.add_cut(!edge.sum.active);
    ties.add_infrastructure(edge.sum.infrastructure);
    ties.add_splits_off(edge.splits_off);
    ties.add_reasons(std::string(edge.sum.reason));
  }
}

// The campaigns that the other ends of ties are in, those with most ties first.
void AddRelated(const absl::flat_hash_map<core::Id, Sum>& others, campaigns::ReadView& view,
                const campaigns::Label& own, const Viewer& caller,
                console::v1::CampaignGraph& graph) {
  std::map<campaigns::Label, console::v1::RelatedCampaign> found;
  size_t looked_at = 0;
  for (const auto& [base, sum] : others) {
    if (looked_at++ == kOthersMax) break;
    const auto record = view.Find(base);
    if (!record || !record->has_indicator() || !record->labelled()) continue;
    const campaigns::Label label = campaigns::LabelOf(*record);
    if (label == own) continue;
    console::v1::RelatedCampaign& related = found[label];
    related.set_ties(related.ties() + 1);
    related.set_through_infrastructure(related.through_infrastructure() || sum.infrastructure);
  }
  std::vector<std::pair<uint32_t, campaigns::Label>> order;
  for (const auto& [label, related] : found) order.emplace_back(related.ties(), label);
  std::sort(order.rbegin(), order.rend());
  for (const auto& [ties, label] : order) {
    if (static_cast<size_t>(graph.related_size()) == kRelatedMax) return;
    std::optional<v1::Campaign> campaign = view.CampaignOf(label);
    if (!campaign || campaign->tlp() > caller.clearance) continue;
    console::v1::RelatedCampaign& related = *graph.add_related();
    related = found[label];
    *related.mutable_campaign() = *std::move(campaign);
  }
}

}  // namespace

absl::Status AddTies(const Members& members, const TiesOf& ties_of, campaigns::ReadView& view,
                     const campaigns::Label& label, const Viewer& caller,
                     console::v1::CampaignGraph& graph) {
  // A base's first member stands for it; its others hang on that.
  absl::flat_hash_map<core::Id, uint32_t> places;
  std::vector<core::Id> bases;
  std::vector<Edge> edges;
  for (uint32_t i = 0; i < members.records.size(); ++i) {
    const std::string& bytes = members.records[i].record.base_id();
    if (bytes.size() < 16) continue;
    const core::Id base = core::Id::FromBytes(bytes);
    const auto [place, is_first] = places.try_emplace(base, i);
    if (is_first) {
      bases.push_back(base);
    } else {
      edges.push_back({place->second, i, {.active = true}, true});
    }
  }
  std::map<std::pair<uint32_t, uint32_t>, Sum> sums;
  absl::flat_hash_map<core::Id, Sum> others;
  const absl::Status status = ties_of(bases, [&](const cluster::BaseTie& tie) {
    const auto from = places.find(tie.from);
    const auto to = places.find(tie.to);
    if (from == places.end()) return;
    if (to == places.end()) {
      if (others.size() < 10 * kOthersMax || others.contains(tie.to)) others[tie.to].Add(tie);
    } else if (from != to) {
      sums[std::minmax(from->second, to->second)].Add(tie);
    }
  });
  if (!status.ok()) return status;
  for (const auto& [ends, sum] : sums) edges.push_back({ends.first, ends.second, sum, false});
  Bridges(members.records.size(), edges).Find();
  // That a base's members hang on it says nothing.
  for (Edge& edge : edges) {
    if (edge.same_base) edge.splits_off = 0;
  }
  Write(std::move(edges), graph);
  graph.set_ties_known(true);
  AddRelated(others, view, label, caller, graph);
  return absl::OkStatus();
}

}  // namespace ringfence::publish
