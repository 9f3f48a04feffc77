// The store by which ranks find each other, and the address they are found at.
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "distributed.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#pragma clang diagnostic pop

using namespace ct;

ct_status ct_store_open(const char* host, int port, bool isHost, double timeout, ct_store* out) {
    return guarded([&] {
        // What matters comes as an error; warnings of c10d's own would stand between a program's lines.
        setenv("TORCH_CPP_LOG_LEVEL", "ERROR", /*overwrite=*/0);
        c10::initLogging();
        c10d::TCPStoreOptions options;
        options.port = static_cast<uint16_t>(port);
        options.isServer = isHost;
        // Ranks are waited for by the process group, which can say who is missing.
        options.waitWorkers = false;
        options.timeout = milliseconds(timeout);
        auto store = c10::make_intrusive<c10d::TCPStore>(host, options);
        const int actual = store->getPort();
        *out = new ct_store_s{std::move(store), actual};
    });
}

int ct_store_port(ct_store store) { return store->port; }

ct_status ct_store_set(ct_store store, const char* key, const void* bytes, size_t count) {
    return guarded([&] {
        const auto* first = static_cast<const uint8_t*>(bytes);
        store->store->set(std::string(key), std::vector<uint8_t>(first, first + count));
    });
}

ct_status ct_store_get(ct_store store, const char* key, double timeout, void* context,
                       void (*take)(void*, const void*, size_t)) {
    return guarded([&] {
        store->store->wait({key}, milliseconds(timeout));
        const auto bytes = store->store->get(key);
        take(context, bytes.data(), bytes.size());
    });
}

ct_status ct_store_set_first(ct_store store, const char* key, const void* bytes, size_t count, void* context,
                             void (*take)(void*, const void*, size_t)) {
    return guarded([&] {
        const auto* first = static_cast<const uint8_t*>(bytes);
        // No bytes stand for a key that is absent.
        const auto held = store->store->compareSet(std::string(key), std::vector<uint8_t>(),
                                                   std::vector<uint8_t>(first, first + count));
        take(context, held.data(), held.size());
    });
}

ct_status ct_store_has(ct_store store, const char* key, bool* out) {
    return guarded([&] { *out = store->store->check({key}); });
}

void ct_store_free(ct_store store) { delete store; }

namespace {

/// Closes what it holds.
struct Socket {
    int descriptor;
    ~Socket() {
        if (descriptor >= 0) close(descriptor);
    }
};

bool find_local_address(const addrinfo& target, char* text, size_t capacity) {
    Socket socket{::socket(target.ai_family, SOCK_DGRAM, 0)};
    // Connecting a datagram socket only looks the route up.
    if (socket.descriptor < 0 || connect(socket.descriptor, target.ai_addr, target.ai_addrlen) != 0) return false;
    sockaddr_storage address{};
    socklen_t length = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    return getsockname(socket.descriptor, generic, &length) == 0 &&
           getnameinfo(generic, length, text, static_cast<socklen_t>(capacity), nullptr, 0, NI_NUMERICHOST) == 0;
}

}  // namespace

ct_status ct_local_address(const char* host, int port, char* text, size_t capacity) {
    return guarded([&] {
        addrinfo hints{}, *targets = nullptr;
        hints.ai_socktype = SOCK_DGRAM;
        const int error = getaddrinfo(host, std::to_string(port).c_str(), &hints, &targets);
        TORCH_CHECK(error == 0, "the address of ", host, " was not found: ", gai_strerror(error));
        std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(targets, freeaddrinfo);
        for (const addrinfo* target = targets; target; target = target->ai_next)
            if (find_local_address(*target, text, capacity)) return;
        TORCH_CHECK(false, "no route leads to ", host);
    });
}
