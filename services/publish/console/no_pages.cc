#include "services/publish/console/pages.h"

namespace ringfence::publish {
namespace {

constexpr std::string_view kWithout = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Ringfence: no console</title>
<h1>This program was built without the console's pages</h1>
<p>Where node and npm are installed, <code>cmake -DRINGFENCE_CONSOLE=ON</code> builds them in. What they
show can be asked for below /api/v1/ all the same.</p>
</html>
)";

}  // namespace

const PageFile kPageFiles[] = {
    {"index.html", "text/html; charset=utf-8", "without", kWithout},
    {"", "", "", ""},
};

}  // namespace ringfence::publish
