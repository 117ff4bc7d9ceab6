#include "pipelines/campaigns/tables.h"

#include "pipelines/campaigns/demand.h"

namespace ringfence::campaigns {
namespace {

constexpr size_t kIdBytes = 16;
constexpr size_t kLabelBytes = 20;
constexpr uint32_t kSignBit = uint32_t{1} << 31;

class Writer {
 public:
  Writer() = default;
  explicit Writer(Table table) { bytes_.push_back(static_cast<char>(table)); }

  template <typename T>
  Writer& Number(T value) {
    char bytes[sizeof value];
    for (size_t i = 0; i < sizeof value; ++i)
      bytes[i] = static_cast<char>(value >> (8 * (sizeof value - 1 - i)) & 0xff);
    bytes_.append(bytes, sizeof value);
    return *this;
  }
  Writer& Byte(int value) {
    bytes_.push_back(static_cast<char>(value));
    return *this;
  }
  Writer& Time(core::Time time) { return Number(Sortable(time)); }
  Writer& Id(const core::Id& id) {
    id.AppendTo(bytes_);
    return *this;
  }
  Writer& Label(const campaigns::Label& label) {
    return Id(label.root).Number(static_cast<uint32_t>(label.day) ^ kSignBit);
  }
  Writer& Rest(std::string_view rest) {
    bytes_.append(rest);
    return *this;
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T Number() {
    T value = 0;
    for (char byte : Bytes(sizeof(T))) value = static_cast<T>(value << 8 | uint8_t(byte));
    return value;
  }
  int Byte() { return static_cast<uint8_t>(Bytes(1).front()); }
  core::Time Time() { return FromSortable(Number<uint64_t>()); }
  core::Id Id() { return core::Id::FromBytes(Bytes(kIdBytes)); }
  campaigns::Label Label() {
    const core::Id root = Id();
    return {root, static_cast<int32_t>(Number<uint32_t>() ^ kSignBit)};
  }
  std::string_view Bytes(size_t size) {
    Demand(rest_.size() >= size);
    std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  std::string_view Rest() { return rest_; }

 private:
  std::string_view rest_;
};

Writer Partition(Table table, int32_t partition) {
  return Writer(table).Number(static_cast<uint32_t>(partition));
}

}  // namespace

std::string RowKey(const core::Id& id) { return Writer(Table::kRows).Id(id).Take(); }
std::string ChangeKey(int32_t partition, int64_t offset, const core::Id& id) {
  return Partition(Table::kChanges, partition).Number(static_cast<uint64_t>(offset)).Id(id).Take();
}
std::string RemovalKey(int32_t partition, core::Time removed_at, const core::Id& id) {
  return Partition(Table::kRemovals, partition).Time(removed_at).Id(id).Take();
}
std::string LabelChangeKey(const HeldLabel& held, const Label& node) {
  return Partition(Table::kChanges, held.partition)
      .Number(static_cast<uint64_t>(held.offset))
      .Label(node)
      .Take();
}
std::string AgeKey(Table table, const Label& of, core::Time first_seen, const core::Id& id) {
  return Writer(table).Label(of).Time(first_seen).Id(id).Take();
}
std::string SightingKey(Table table, const Label& of, core::Time last_seen, const core::Id& id) {
  return Writer(table).Label(of).Number(~Sortable(last_seen)).Id(id).Take();
}
std::string BaseKey(const Label& label, const core::Id& base) {
  return Writer(Table::kBases).Label(label).Id(base).Take();
}
std::string HeldLabelKey(const Label& node) { return Writer(Table::kLabels).Label(node).Take(); }
std::string LabelEndKey(int32_t partition, core::Time own_since, const Label& node) {
  return Partition(Table::kLabelEnds, partition).Time(own_since).Label(node).Take();
}
std::string SumsKey(const Label& node) { return Writer(Table::kSums).Label(node).Take(); }
std::string TotalsKey(const Label& label) { return Writer(Table::kTotals).Label(label).Take(); }
std::string ListKey(Order order, uint64_t rank, const Label& label) {
  return Writer(Table::kList).Byte(static_cast<int>(order)).Number(~rank).Label(label).Take();
}
std::string CellKeyBytes(const CellKey& key) {
  return Writer(Table::kCells)
      .Byte(key.type)
      .Byte(key.action)
      .Byte(key.tlp)
      .Number(static_cast<uint16_t>(key.score))
      .Take();
}
std::string ProgressKey(int32_t partition) { return Partition(Table::kProgress, partition).Take(); }
std::string CountKey() { return TablePrefix(Table::kCount); }

std::string ReferralKey(std::string_view record_key) {
  return TablePrefix(Table::kReferrals).append(record_key.substr(1));
}
std::string ReferralPrefix(std::string_view hold_id) {
  return TablePrefix(Table::kReferrals).append(hold_id);
}

std::string TablePrefix(Table table) { return Writer(table).Take(); }
std::string ChangePrefix(int32_t partition) { return Partition(Table::kChanges, partition).Take(); }
std::string ChangesFrom(int32_t partition, int64_t offset) {
  return Partition(Table::kChanges, partition).Number(static_cast<uint64_t>(offset)).Take();
}
std::string RemovalPrefix(int32_t partition) {
  return Partition(Table::kRemovals, partition).Take();
}
std::string LabelEndPrefix(int32_t partition) {
  return Partition(Table::kLabelEnds, partition).Take();
}
std::string GroupPrefix(Table table, const Label& of) { return Writer(table).Label(of).Take(); }
std::string ListPrefix(Order order) {
  return Writer(Table::kList).Byte(static_cast<int>(order)).Take();
}
std::string PrefixEnd(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  Demand(!prefix.empty());
  prefix.back() = static_cast<char>(static_cast<uint8_t>(prefix.back()) + 1);
  return prefix;
}

core::Id IdAtEnd(std::string_view key) {
  Demand(key.size() >= kIdBytes);
  return core::Id::FromBytes(key.substr(key.size() - kIdBytes));
}
core::Time EndOf(std::string_view key) {
  Reader reader(key);
  reader.Bytes(1 + sizeof(uint32_t));
  return reader.Time();
}
Label NodeOfEndKey(std::string_view label_end_key) {
  Reader reader(label_end_key);
  reader.Bytes(1 + sizeof(uint32_t) + sizeof(core::Time));
  return reader.Label();
}
core::Time FirstSeenOf(std::string_view age_key) {
  Reader reader(age_key);
  reader.Bytes(1 + kLabelBytes);
  return reader.Time();
}
core::Time LastSeenOf(std::string_view sighting_key) {
  Reader reader(sighting_key);
  reader.Bytes(1 + kLabelBytes);
  return FromSortable(~reader.Number<uint64_t>());
}
int64_t OffsetOf(std::string_view change_key) {
  Reader reader(change_key);
  reader.Bytes(1 + sizeof(uint32_t));
  return static_cast<int64_t>(reader.Number<uint64_t>());
}
std::optional<Label> NodeOfChangeKey(std::string_view change_key) {
  Reader reader(change_key);
  reader.Bytes(1 + sizeof(uint32_t) + sizeof(int64_t));
  if (reader.Rest().size() != kLabelBytes) return std::nullopt;
  return reader.Label();
}
Label LabelOfTotalsKey(std::string_view totals_key) {
  Reader reader(totals_key);
  reader.Bytes(1);
  return reader.Label();
}
Label LabelOfListKey(std::string_view list_key) {
  Reader reader(list_key);
  reader.Bytes(2 + sizeof(uint64_t));
  return reader.Label();
}
uint64_t RankOf(std::string_view list_key) {
  Reader reader(list_key);
  reader.Bytes(2);
  return ~reader.Number<uint64_t>();
}
CellKey CellKeyOf(std::string_view key) {
  Reader reader(key);
  reader.Bytes(1);
  CellKey cell;
  cell.type = static_cast<v1::IdentifierType>(reader.Byte());
  cell.action = static_cast<v1::Action>(reader.Byte());
  cell.tlp = static_cast<v1::Tlp>(reader.Byte());
  cell.score = reader.Number<uint16_t>();
  return cell;
}

std::string Encode(const Row& row) {
  return Writer()
      .Number(static_cast<uint32_t>(row.partition))
      .Number(static_cast<uint64_t>(row.offset))
      .Time(row.append_time)
      .Number(row.place)
      .Byte(row.removed ? 1 : 0)
      .Number(row.listed.epoch)
      .Byte(row.listed.action)
      .Byte(row.listed.tlp)
      .Number(static_cast<uint16_t>(row.listed.score))
      .Byte(row.peak_action)
      .Byte(row.least_tlp)
      .Rest(row.record)
      .Take();
}
std::string Encode(const HeldLabel& held) {
  return Writer()
      .Number(held.place)
      .Byte(held.label ? 1 : 0)
      .Label(held.label.value_or(Label()))
      .Time(held.own_since)
      .Number(static_cast<uint32_t>(held.partition))
      .Number(static_cast<uint64_t>(held.offset))
      .Time(held.append_time)
      .Take();
}
std::string Encode(const Member& member) {
  if (member.node) return Encode(*member.node);
  return Writer().Number(static_cast<uint16_t>(member.score)).Byte(member.tlp).Take();
}
std::string Encode(const NodeSums& sums) {
  return Writer().Time(sums.first_seen).Id(sums.oldest).Rest(sums.sums).Take();
}
std::string Encode(const Label& node) { return Writer().Label(node).Take(); }
std::string Encode(const ListEntry& entry) {
  return Writer().Time(entry.last_seen).Byte(entry.tlp).Take();
}
std::string Encode(const Cell& cell) {
  return Writer().Number(cell.count).Rest(cell.sum.Bytes()).Take();
}
std::string Encode(const Progress& progress) {
  return Writer()
      .Number(static_cast<uint64_t>(progress.next_offset))
      .Time(progress.mark)
      .Number(static_cast<uint64_t>(progress.remembered_from))
      .Time(progress.append_time)
      .Take();
}
std::string EncodeCount(uint64_t count) { return Writer().Number(count).Take(); }

Row DecodeRow(std::string_view bytes) {
  Reader reader(bytes);
  Row row;
  row.partition = static_cast<int32_t>(reader.Number<uint32_t>());
  row.offset = static_cast<int64_t>(reader.Number<uint64_t>());
  row.append_time = reader.Time();
  row.place = reader.Number<uint64_t>();
  row.removed = reader.Byte() != 0;
  row.listed.epoch = reader.Number<uint32_t>();
  row.listed.action = static_cast<v1::Action>(reader.Byte());
  row.listed.tlp = static_cast<v1::Tlp>(reader.Byte());
  row.listed.score = reader.Number<uint16_t>();
  row.peak_action = static_cast<v1::Action>(reader.Byte());
  row.least_tlp = static_cast<v1::Tlp>(reader.Byte());
  row.record = reader.Rest();
  return row;
}
HeldLabel DecodeHeldLabel(std::string_view bytes) {
  Reader reader(bytes);
  HeldLabel held;
  held.place = reader.Number<uint64_t>();
  const bool has_label = reader.Byte() != 0;
  const Label label = reader.Label();
  if (has_label) held.label = label;
  held.own_since = reader.Time();
  held.partition = static_cast<int32_t>(reader.Number<uint32_t>());
  held.offset = static_cast<int64_t>(reader.Number<uint64_t>());
  held.append_time = reader.Time();
  return held;
}
Member DecodeMember(std::string_view bytes) {
  Member member;
  if (bytes.size() == kLabelBytes) {
    member.node = DecodeNode(bytes);
    return member;
  }
  Reader reader(bytes);
  member.score = reader.Number<uint16_t>();
  member.tlp = static_cast<v1::Tlp>(reader.Byte());
  return member;
}
NodeSums DecodeNodeSums(std::string_view bytes) {
  Reader reader(bytes);
  NodeSums sums;
  sums.first_seen = reader.Time();
  sums.oldest = reader.Id();
  sums.sums = reader.Rest();
  return sums;
}
Label DecodeNode(std::string_view bytes) { return Reader(bytes).Label(); }
ListEntry DecodeListEntry(std::string_view bytes) {
  Reader reader(bytes);
  ListEntry entry;
  entry.last_seen = reader.Time();
  entry.tlp = static_cast<v1::Tlp>(reader.Byte());
  return entry;
}
Cell DecodeCell(std::string_view bytes) {
  Reader reader(bytes);
  Cell cell;
  cell.count = reader.Number<uint64_t>();
  cell.sum = core::SetSum::FromBytes(reader.Bytes(kIdBytes));
  return cell;
}
Progress DecodeProgress(std::string_view bytes) {
  Reader reader(bytes);
  Progress progress;
  progress.next_offset = static_cast<int64_t>(reader.Number<uint64_t>());
  progress.mark = reader.Time();
  progress.remembered_from = static_cast<int64_t>(reader.Number<uint64_t>());
  progress.append_time = reader.Time();
  return progress;
}
uint64_t DecodeCount(std::string_view bytes) { return Reader(bytes).Number<uint64_t>(); }

}  // namespace ringfence::campaigns
