#include "pipelines/referral/graph.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pipelines/identifiers/normalise.h"
#include "pipelines/referral/html.h"

namespace ringfence::referral {
namespace {

constexpr int kRing = 190;
// As wide as the longest label.
constexpr int kMargin = 250;
constexpr size_t kLabelMax = 30;
constexpr size_t kNone = ~size_t{0};

struct Node {
  // Of Findings::indicators.
  size_t indicator = 0;
  std::vector<size_t> neighbours;
  size_t parent = kNone;
  std::vector<size_t> children;
  int ring = 0;
  // How many leaves hang on it, itself if it is one: its share of the circle.
  size_t leaves = 0;
  int x = 0;
  int y = 0;
};

struct Edge {
  size_t a = 0;
  size_t b = 0;
  const Tie* tie = nullptr;
};

class Graph {
 public:
  explicit Graph(const Findings& findings) : findings_(findings) {
    Choose();
    BuildTrees();
    Place();
  }

  std::string Svg() const {
    const int size = 2 * (rings_ * kRing + kMargin);
    std::string out = absl::StrCat("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"",
                                   -size / 2, " ", -size / 2, " ", size, " ", size, "\" width=\"",
                                   size, "\" height=\"", size, "\" font-family=\"sans-serif\">\n",
                                   "<title>Indicators and what ties them</title>\n<desc>",
                                   Description(), "</desc>\n", "<rect x=\"", -size / 2, "\" y=\"",
                                   -size / 2, "\" width=\"", size, "\" height=\"", size,
                                   "\" fill=\"#ffffff\"/>\n<g stroke=\"#5b6b7b\" fill=\"none\">\n");
    for (const Edge& edge : edges_) Line(edge, out);
    out += "</g>\n<g font-size=\"11\" fill=\"#1a1a1a\">\n";
    for (const Node& node : nodes_) Dot(node, out);
    return out + "</g>\n</svg>\n";
  }

 private:
  std::string Description() const {
    return absl::StrCat(
        nodes_.size(), " of ", findings_.indicators.size(),
        " indicators, those of the most incidents. A line joins two that were named "
        "for the same incidents; the thicker, the more.");
  }

  void Choose() {
    std::vector<size_t> order(findings_.indicators.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [this](size_t a, size_t b) {
      return findings_.indicators[a].incidents > findings_.indicators[b].incidents;
    });
    order.resize(std::min(order.size(), kDrawnMax));
    std::vector<size_t> node_of(findings_.indicators.size(), kNone);
    for (const size_t indicator : order) {
      node_of[indicator] = nodes_.size();
      nodes_.emplace_back().indicator = indicator;
    }
    for (const Tie& tie : findings_.ties) {
      const size_t a = node_of[tie.a];
      const size_t b = node_of[tie.b];
      if (a == kNone || b == kNone) continue;
      edges_.push_back({a, b, &tie});
      // The strongest come first.
      nodes_[a].neighbours.push_back(b);
      nodes_[b].neighbours.push_back(a);
    }
  }

  void BuildTrees() {
    std::vector<bool> seen(nodes_.size(), false);
    while (true) {
      std::optional<size_t> root;
      for (size_t i = 0; i < nodes_.size(); ++i) {
        if (seen[i]) continue;
        if (!root || nodes_[i].neighbours.size() > nodes_[*root].neighbours.size()) root = i;
      }
      if (!root) break;
      roots_.push_back(*root);
      std::vector<size_t> queue = {*root};
      seen[*root] = true;
      for (size_t next = 0; next < queue.size(); ++next) {
        for (const size_t other : nodes_[queue[next]].neighbours) {
          if (seen[other]) continue;
          seen[other] = true;
          nodes_[other].parent = queue[next];
          nodes_[other].ring = nodes_[queue[next]].ring + 1;
          nodes_[queue[next]].children.push_back(other);
          queue.push_back(other);
        }
      }
      // From the leaves inwards.
      for (size_t i = queue.size(); i-- > 0;) {
        Node& node = nodes_[queue[i]];
        node.leaves = std::max<size_t>(1, node.leaves);
        if (node.parent != kNone) nodes_[node.parent].leaves += node.leaves;
      }
    }
    // Several trees stand side by side around an empty centre.
    if (roots_.size() > 1) {
      for (Node& node : nodes_) ++node.ring;
    }
    for (const Node& node : nodes_) rings_ = std::max(rings_, node.ring);
  }

  void Place() {
    size_t leaves = 0;
    for (const size_t root : roots_) leaves += nodes_[root].leaves;
    size_t from = 0;
    for (const size_t root : roots_) {
      PlaceBelow(root, from, leaves);
      from += nodes_[root].leaves;
    }
  }

  // `from` of `leaves` parts of the circle lie before it. Whole pixels: what is far below one is
  // the same on every machine.
  void PlaceBelow(size_t at, size_t from, size_t leaves) {
    Node& node = nodes_[at];
    const double middle = static_cast<double>(from) + static_cast<double>(node.leaves) / 2;
    const double angle = 2 * std::numbers::pi * middle / static_cast<double>(leaves);
    node.x = static_cast<int>(std::lround(node.ring * kRing * std::cos(angle)));
    node.y = static_cast<int>(std::lround(node.ring * kRing * std::sin(angle)));
    for (const size_t child : node.children) {
      PlaceBelow(child, from, leaves);
      from += nodes_[child].leaves;
    }
  }

  void Line(const Edge& edge, std::string& out) const {
    const Node& a = nodes_[edge.a];
    const Node& b = nodes_[edge.b];
    const bool in_tree = a.parent == edge.b || b.parent == edge.a;
    const uint32_t width = std::min<uint32_t>(1 + edge.tie->incidents / 5, 6);
    absl::StrAppend(&out, "<line x1=\"", a.x, "\" y1=\"", a.y, "\" x2=\"", b.x, "\" y2=\"", b.y,
                    "\" stroke-width=\"", in_tree ? width : 1, "\" stroke-opacity=\"",
                    in_tree ? "0.8" : "0.2", "\"/>\n");
  }

  void Dot(const Node& node, std::string& out) const {
    const Sighted& sighted = findings_.indicators[node.indicator];
    const v1::Indicator& indicator = *sighted.indicator;
    const char* fill = indicator.action() == v1::ACTION_BLOCK       ? "#b3261e"
                       : indicator.action() == v1::ACTION_CHALLENGE ? "#b06000"
                                                                    : "#54616e";
    const uint32_t radius = std::min<uint32_t>(5 + sighted.incidents / 4, 14);
    const std::string label =
        absl::StrCat(node.indicator + 1, " ", Escaped(Shortened(indicator.value())));
    const bool left = node.x < 0;
    absl::StrAppend(&out, "<circle cx=\"", node.x, "\" cy=\"", node.y, "\" r=\"", radius,
                    "\" fill=\"", fill, "\"><title>",
                    Escaped(absl::StrCat(std::string(identifiers::TypeWord(indicator.type())), " ",
                                         indicator.value(), ", ", sighted.incidents, " incidents")),
                    "</title></circle>\n<text x=\"",
                    node.x + (left ? -1 : 1) * static_cast<int>(radius + 4), "\" y=\"", node.y + 4,
                    left ? "\" text-anchor=\"end\">" : "\">", label, "</text>\n");
  }

  static std::string Shortened(const std::string& value) {
    if (value.size() <= kLabelMax) return value;
    // Not within a character.
    size_t end = kLabelMax;
    while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xc0) == 0x80) --end;
    return value.substr(0, end) + "...";
  }

  const Findings& findings_;
  std::vector<Node> nodes_;
  std::vector<Edge> edges_;
  std::vector<size_t> roots_;
  int rings_ = 0;
};

}  // namespace

std::string GraphSvg(const Findings& findings) { return Graph(findings).Svg(); }

}  // namespace ringfence::referral
