#include "pipelines/dedupe/blocks.h"

#include <algorithm>
#include <optional>
#include <string>

namespace ringfence::dedupe {
namespace {

using core::Id;
using core::Time;
using internal::v1::ReportRevision;

// Spans begin every `kSpans` times what is near and are longer than that by as much as is near, so
// that reports near to each other share one, though most stand in one alone.
constexpr Time kSpans = 4;

enum class Kind : char {
  kVictim = 'v',
  kReference = 'r',
  kOrigin = 'o',
  kExternal = 'x',
  kPayment = 'p',
};

// Kinds of victims' tokens that stand for a person, or for one payment: a machine or an address may
// be shared by many.
bool StandsForPerson(uint32_t kind) { return kind >= 1 && kind <= 5; }

class Collector {
 public:
  // A value that says the same whenever it is named.
  void Add(Kind kind, const std::string& value) { Put(kind, value, std::nullopt, false); }
  void Add(Kind kind, const std::string& value, Time time, Time near, bool floods_join) {
    const Time length = kSpans * near;
    const Time span = time / length - (time % length < 0 ? 1 : 0);
    Put(kind, value, span, floods_join);
    if (time - span * length < near) Put(kind, value, span - 1, floods_join);
  }

  std::vector<BlockKey> Take() {
    std::sort(blocks_.begin(), blocks_.end());
    blocks_.erase(std::unique(blocks_.begin(), blocks_.end()), blocks_.end());
    return std::move(blocks_);
  }

 private:
  void Put(Kind kind, const std::string& value, std::optional<Time> span, bool floods_join) {
    if (blocks_.size() == kBlocksOfReportMax) return;
    std::string text(1, static_cast<char>(kind));
    if (span) text += std::to_string(*span);
    text.push_back('\0');
    text += value;
    const core::Sha256Digest digest = core::Sha256(text);
    blocks_.push_back({Id::FromBytes({reinterpret_cast<const char*>(digest.data()), digest.size()}),
                       floods_join});
  }

  std::vector<BlockKey> blocks_;
};

}  // namespace

uint32_t ReachOf(size_t blocks, size_t peers_max) {
  const size_t of_one_block = peers_max / std::max<size_t>(blocks, 1);
  return static_cast<uint32_t>(std::max<size_t>(of_one_block / 2, 1));
}

std::vector<Id> OthersOf(const std::vector<BlockMember>& members, size_t index) {
  std::vector<Id> others;
  for (size_t i = 0; i < members.size(); ++i) {
    const size_t ahead = i < index ? index - i : i - index;
    const size_t apart = std::min(ahead, members.size() - ahead);
    const uint32_t reach = std::min(members[index].reach, members[i].reach);
    if (i != index && apart <= reach) others.push_back(members[i].id);
  }
  return others;
}

std::vector<BlockKey> BlocksOf(const ReportRevision& revision) {
  Collector blocks;
  if (!revision.origin().empty()) blocks.Add(Kind::kOrigin, revision.origin());
  for (const std::string& reference : revision.external_references()) {
    blocks.Add(Kind::kExternal, reference);
  }
  for (const internal::v1::VictimToken& token : revision.victim_tokens()) {
    std::string value = std::to_string(token.kind()) + ' ' + token.token();
    blocks.Add(Kind::kVictim, value, revision.occurred_at(), kVictimNear,
               StandsForPerson(token.kind()));
  }
  for (const internal::v1::PaymentFact& payment : revision.payments()) {
    if (!payment.reference().empty()) blocks.Add(Kind::kReference, payment.reference());
  }
  for (const internal::v1::NamedIdentifier& named : revision.identifiers()) {
    if (named.type() != v1::IDENTIFIER_TYPE_PAYMENT_REFERENCE) continue;
    blocks.Add(Kind::kReference, named.value());
  }
  for (const internal::v1::PaymentFact& payment : revision.payments()) {
    if (payment.payee_value().empty() || payment.amount().empty()) continue;
    const std::string value = std::to_string(payment.payee_type()) + ' ' + payment.payee_value() +
                              ' ' + payment.amount() + ' ' + payment.currency();
    blocks.Add(Kind::kPayment, value, payment.paid_at(), kPaymentNear, false);
  }
  return blocks.Take();
}

}  // namespace ringfence::dedupe
