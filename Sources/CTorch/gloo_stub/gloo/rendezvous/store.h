#pragma once
// The torch wheel carries c10d's header for Gloo but not Gloo's own headers. c10d's classes hold Gloo's behind pointers
// only, so these declarations suffice; nothing here is ever instantiated. They belong to the pinned version of torch.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace gloo {

class Context {
public:
    void setTimeout(std::chrono::milliseconds);
};

namespace transport {
class Device;
class UnboundBuffer {
public:
    virtual ~UnboundBuffer() = 0;
};
}  // namespace transport

namespace rendezvous {
class Store {
public:
    virtual ~Store() = default;
    virtual void set(const std::string&, const std::vector<char>&) = 0;
    virtual std::vector<char> get(const std::string&) = 0;
    virtual void wait(const std::vector<std::string>&) = 0;
    virtual void wait(const std::vector<std::string>& keys, const std::chrono::milliseconds&) { wait(keys); }
};
}  // namespace rendezvous

}  // namespace gloo
