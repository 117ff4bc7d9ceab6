#include "services/publish/http/sorted_lists.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "services/publish/http/answers.h"
#include "services/publish/http/row_walk.h"

namespace ringfence::publish {
namespace {

using lists::Form;
using Clock = std::chrono::steady_clock;

constexpr size_t kListsKeptMax = 8;
constexpr size_t kPieceBytes = size_t{64} << 10;
constexpr size_t kE164DigitsMax = 15;

bool Reaches(const Offsets& offsets, const Offsets& others) {
  return std::equal(offsets.begin(), offsets.end(), others.begin(), std::greater_equal<>());
}

struct Asked {
  Filter filter;
  std::string version;
};

// `from` is the list's own parameter, the rest is the filter's.
absl::StatusOr<Asked> AskedOf(runtime::HttpRequest request, const Viewer& caller, Form form,
                              bool takes_version) {
  Asked asked;
  if (takes_version) {
    asked.version = request.Query("from").value_or("");
    if (request.query.count("from") > 1)
      return absl::InvalidArgumentError("a parameter is there twice");
    request.query.erase("from");
  }
  const absl::StatusOr<Filter> filter =
      form == Form::kNumbers
          ? FilterOfBlockList(request, caller, {v1::IDENTIFIER_TYPE_PHONE}, v1::ACTION_BLOCK)
          : FilterOfBlockList(request, caller, {}, v1::ACTION_BLOCK);
  if (!filter.ok()) return filter.status();
  asked.filter = *filter;
  return asked;
}

runtime::HttpResponse::NextPiece CsvPieces(std::shared_ptr<const void> owner,
                                           const lists::Elements& numbers) {
  return [owner = std::move(owner), &numbers,
          next = size_t{0}](std::string& piece) mutable -> absl::StatusOr<bool> {
    if (next == 0) piece += "number\r\n";
    while (next < numbers.size() && piece.size() < kPieceBytes)
      piece += "+" + std::to_string(numbers[next++]) + "\r\n";
    return next < numbers.size();
  };
}

runtime::HttpResponse::NextPiece BytePieces(std::string bytes) {
  return [bytes = std::move(bytes),
          next = size_t{0}](std::string& piece) mutable -> absl::StatusOr<bool> {
    piece += std::string_view(bytes).substr(next, kPieceBytes);
    next += kPieceBytes;
    return next < bytes.size();
  };
}

}  // namespace

SortedLists::SortedLists(const ListSource& source, std::string_view secret,
                         std::chrono::milliseconds make_every)
    : source_(source), prefixes_(secret), make_every_(make_every) {}

std::optional<uint64_t> SortedLists::ElementOf(Form form, v1::IdentifierType type,
                                               const std::string& value) const {
  if (form == Form::kPrefixes) return prefixes_.Of(type, value);
  uint64_t number = 0;
  if (value.size() < 2 || value[0] != '+' || value[1] == '0' || value.size() > kE164DigitsMax + 1 ||
      !absl::SimpleAtoi(value.substr(1), &number)) {
    return std::nullopt;
  }
  return number;
}

absl::StatusOr<std::shared_ptr<const SortedLists::Made>> SortedLists::Make(
    Form form, const Filter& filter, const Moment& moment) const {
  auto made = std::make_shared<Made>();
  made->form = form;
  made->filter_key = filter.Key();
  made->offsets = moment.offsets;
  made->as_of = moment.as_of;
  made->version = source_.cursors.Encode(moment.offsets, filter.Key());
  // The walk borrows: the moment is held by who calls.
  RowWalk walk(std::shared_ptr<const Moment>(&moment, [](const Moment*) {}),
               source_.publisher.names(), filter);
  made->digest = DigestOf(walk.view(), filter);
  for (bool more = true; more;) {
    const absl::StatusOr<bool> step = walk.Step([&](const internal::v1::IndicatorRecord& record) {
      const v1::Indicator& indicator = record.indicator();
      if (const auto element = ElementOf(form, indicator.type(), indicator.value()))
        made->elements.push_back(*element);
      return true;
    });
    if (!step.ok()) return step.status();
    more = *step;
  }
  std::sort(made->elements.begin(), made->elements.end());
  made->elements.erase(std::unique(made->elements.begin(), made->elements.end()),
                       made->elements.end());
  made->sum = lists::SumOf(made->elements, form);
  made->made_at = Clock::now();
  return made;
}

absl::StatusOr<std::shared_ptr<const SortedLists::Made>> SortedLists::ListFor(
    Form form, const Filter& filter, const std::optional<Cursor>& from) {
  absl::MutexLock lock(&mutex_);
  const std::shared_ptr<const Moment> moment = source_.publisher.Latest();
  const std::string key = filter.Key();
  const auto found = std::find_if(made_.begin(), made_.end(), [&](const auto& made) {
    return made->form == form && made->filter_key == key;
  });
  if (found != made_.end()) {
    const std::shared_ptr<const Made> made = *found;
    // A consumer must not be led back.
    const bool is_far_enough = !from || Reaches(made->offsets, from->offsets);
    if (is_far_enough &&
        (made->offsets == moment->offsets || Clock::now() - made->made_at < make_every_))
      return made;
    made_.erase(found);
  }
  absl::StatusOr<std::shared_ptr<const Made>> made = Make(form, filter, *moment);
  if (!made.ok()) return made.status();
  made_.push_back(*made);
  if (made_.size() > kListsKeptMax) made_.pop_front();
  return made;
}

std::optional<lists::Update> SortedLists::Difference(const Made& list, const Filter& filter,
                                                     const Cursor& from) const {
  // What changed until now holds all that changed until the list was made.
  const std::shared_ptr<const Moment> moment = source_.publisher.Latest();
  if (!Reaches(from.offsets, moment->remembered_from)) return std::nullopt;
  campaigns::ReadView view(*moment->state, source_.publisher.names());
  lists::Update update;
  bool is_readable = true;
  for (size_t p = 0; p < moment->offsets.size() && is_readable; ++p) {
    view.Changes(
        static_cast<int32_t>(p), from.offsets[p],
        [&](const core::Id& id, const campaigns::Row& row) {
          const v1::IdentifierType type = core::TypeOf(id);
          if (!filter.MayHaveWanted(type, row.peak_action, row.least_tlp)) return true;
          internal::v1::IndicatorRecord record;
          is_readable =
              record.ParseFromArray(row.record.data(), static_cast<int>(row.record.size()));
          if (!is_readable) return false;
          const auto element = ElementOf(
              list.form, type, row.removed ? record.removed().value() : record.indicator().value());
          if (!element) return true;
          const bool is_on_it =
              std::binary_search(list.elements.begin(), list.elements.end(), *element);
          (is_on_it ? update.additions : update.removals).push_back(*element);
          // The whole is smaller then.
          return update.additions.size() + update.removals.size() <= list.elements.size();
        });
  }
  if (!is_readable || update.additions.size() + update.removals.size() > list.elements.size())
    return std::nullopt;
  for (lists::Elements* elements : {&update.removals, &update.additions}) {
    std::sort(elements->begin(), elements->end());
    elements->erase(std::unique(elements->begin(), elements->end()), elements->end());
  }
  return update;
}

absl::StatusOr<std::string> SortedLists::UpdateOf(const Made& list, const Filter& filter,
                                                  const std::string& version,
                                                  const std::optional<Cursor>& from) const {
  lists::Update update;
  if (from && !Reaches(list.offsets, from->offsets))
    return absl::UnavailableError("this version is newer than what is known here");
  if (std::optional<lists::Update> difference =
          from ? Difference(list, filter, *from) : std::nullopt) {
    update = *std::move(difference);
    update.from = version;
  } else {
    update.additions = list.elements;
  }
  update.form = list.form;
  update.version = list.version;
  update.count = list.elements.size();
  update.sum = list.sum;
  return lists::Encode(update);
}

std::optional<runtime::HttpResponse> SortedLists::Answer(const runtime::HttpRequest& request,
                                                         const Viewer& caller) {
  const bool is_csv = request.path == "/v1/phones.csv";
  const bool is_private = request.path == "/v1/private.bin";
  runtime::HttpResponse response;
  if (request.path == "/v1/private.key") {
    response.content_type = "text/plain; charset=utf-8";
    response.headers.emplace_back("Cache-Control", "no-store");
    response.body = prefixes_.KeyHex() + "\n";
    response.route = "private.key";
    return response;
  }
  if (!is_csv && !is_private && request.path != "/v1/phones.bin") return std::nullopt;
  const Form form = is_private ? Form::kPrefixes : Form::kNumbers;
  const absl::StatusOr<Asked> asked = AskedOf(request, caller, form, !is_csv);
  if (!asked.ok()) return Problem(asked.status());
  std::optional<Cursor> from = source_.cursors.Decode(asked->version);
  // Of another filter: the whole takes its place.
  if (from && from->filter_hash != Cursors::HashOf(asked->filter.Key())) from.reset();
  const auto list = ListFor(form, asked->filter, from);
  if (!list.ok()) return Problem(list.status());
  AddLease(source_, *source_.publisher.Latest(), response);
  if ((*list)->as_of != core::kTimeMin)
    response.headers.emplace_back("Ringfence-As-Of", Rfc3339((*list)->as_of));
  response.headers.emplace_back("Ringfence-Version", (*list)->version);
  response.headers.emplace_back("Ringfence-Count", std::to_string((*list)->elements.size()));
  response.route = request.path.substr(4);
  if (is_csv) {
    response.content_type = "text/csv; charset=utf-8";
    const std::string_view sum(reinterpret_cast<const char*>((*list)->sum.data()),
                               (*list)->sum.size());
    response.etag = TagOf({request.path, sum});
    response.next = CsvPieces(*list, (*list)->elements);
    return response;
  }
  absl::StatusOr<std::string> update = UpdateOf(**list, asked->filter, asked->version, from);
  if (!update.ok()) return Problem(update.status());
  response.content_type = "application/vnd.ringfence.list";
  response.etag = TagOf({request.path, asked->version, (*list)->version});
  response.next = BytePieces(*std::move(update));
  return response;
}

}  // namespace ringfence::publish
