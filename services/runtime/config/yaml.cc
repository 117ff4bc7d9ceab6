#include "services/runtime/config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>

namespace ringfence::runtime {
namespace {

constexpr size_t kDepthMax = 16;

// Builds the tree out of the parser's events: unlike its own nodes these cannot refer to each
// other.
class Builder : public YAML::EventHandler {
 public:
  YamlNode TakeRoot() { return std::move(root_); }
  const absl::Status& status() const { return status_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    Add({.kind = YamlNode::Kind::kNull, .line = Line(mark)});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    Refuse(mark, "aliases (*name) are not read");
    Add({.kind = YamlNode::Kind::kNull, .line = Line(mark)});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    // "!" is a text in quotes, "?" one without.
    Add({.kind = YamlNode::Kind::kText, .line = Line(mark), .text = value, .quoted = tag == "!"});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    Open({.kind = YamlNode::Kind::kList, .line = Line(mark)}, mark);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    Open({.kind = YamlNode::Kind::kMap, .line = Line(mark)}, mark);
  }
  void OnMapEnd() override { Close(); }

 private:
  // A map or list that is being read, and its key that waits for its value.
  struct Frame {
    YamlNode node;
    YamlNode key;
    bool has_key = false;
  };

  static int Line(const YAML::Mark& mark) { return mark.line + 1; }
  void Refuse(const YAML::Mark& mark, const std::string& why) {
    status_.Update(absl::InvalidArgumentError("line " + std::to_string(Line(mark)) + ": " + why));
  }
  void Open(YamlNode node, const YAML::Mark& mark) {
    if (frames_.size() >= kDepthMax) Refuse(mark, "nested too deep");
    frames_.push_back({.node = std::move(node), .key = {}});
  }
  void Close() {
    YamlNode node = std::move(frames_.back().node);
    frames_.pop_back();
    Add(std::move(node));
  }
  void Add(YamlNode node) {
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node.kind == YamlNode::Kind::kList) {
      frame.node.list.push_back(std::move(node));
    } else if (!frame.has_key) {
      frame.key = std::move(node);
      frame.has_key = true;
    } else {
      frame.node.map.emplace_back(std::move(frame.key), std::move(node));
      frame.has_key = false;
    }
  }

  YamlNode root_;
  std::vector<Frame> frames_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<YamlNode> ParseYaml(const std::string& text) {
  Builder builder;
  // yaml-cpp reports errors by exceptions; they end here.
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    Builder rest;
    if (parser.HandleNextDocument(rest)) {
      return absl::InvalidArgumentError("more than one document in the file");
    }
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError("line " + std::to_string(error.mark.line + 1) + ": " +
                                      error.msg);
  }
  if (!builder.status().ok()) return builder.status();
  return builder.TakeRoot();
}

}  // namespace ringfence::runtime
