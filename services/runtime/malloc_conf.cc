// How jemalloc works in the server programs; read at their start, the environment's MALLOC_CONF on
// top (ops/operating.md). Few arenas, for there are few busy threads, and what is free goes back to
// the system after a second: a tenth less memory, at no cost that shows.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf =
    "narenas:4,background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";
}
