#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "pipelines/identifiers/normalise.h"

namespace ringfence::intake {

// What identifiers::Normalise said last of which question. It only saves time: what it forgets is
// computed again. An implementation that several Intakes share must be thread-safe.
class NormaliseMemory {
 public:
  virtual ~NormaliseMemory() = default;

  virtual std::optional<identifiers::Normalised> Find(const std::string& question) = 0;
  virtual void Remember(const std::string& question, const identifiers::Normalised& answer) = 0;
};

// Holds two generations of at most `generation_max` answers; the older one is dropped as a whole
// when the younger is full, and what is still asked for moves to the younger. Owned by one thread.
class TwoGenerations : public NormaliseMemory {
 public:
  explicit TwoGenerations(size_t generation_max) : generation_max_(generation_max) {}

  std::optional<identifiers::Normalised> Find(const std::string& question) override;
  void Remember(const std::string& question, const identifiers::Normalised& answer) override;

 private:
  using Generation = absl::flat_hash_map<std::string, identifiers::Normalised>;

  const size_t generation_max_;
  Generation younger_;
  Generation older_;
};

// identifiers::Normalise with a memory: parsing a phone number costs more than all the rest of a
// report, and fraudsters' numbers come again and again. Values of more than kValueBytesMax bytes
// (which fit the question's length bytes) are not remembered.
//
// Not for what is known to be the victim's, nor for codes of cards, which are to be forgotten:
// those go to identifiers::Normalise itself. Owned by one thread.
class NormaliseCache {
 public:
  static constexpr size_t kGenerationMax = 16 * 1024;
  static constexpr size_t kValueBytesMax = 255;

  // `memory` may be shared with others; a cache without one has its own.
  explicit NormaliseCache(std::shared_ptr<NormaliseMemory> memory = nullptr);

  identifiers::Normalised Normalise(v1::IdentifierType type, std::string_view raw,
                                    const identifiers::Hints& hints);

 private:
  const std::shared_ptr<NormaliseMemory> memory_;
  // Of the value asked for; kept for its buffer.
  std::string question_;
};

}  // namespace ringfence::intake
