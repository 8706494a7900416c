// SPDX-License-Identifier: GPL-2.0-or-later
#include "dataplane/events.hpp"

#include <cerrno>
#include <utility>

#include <bpf/libbpf.h>

namespace ebb {

void Events::Close::operator()(ring_buffer* ring) const { ring_buffer__free(ring); }

Result<Events> Events::open(const Maps& maps) {
  Events events;
  events.slots_ = std::make_unique<std::vector<std::uint8_t>>();
  const auto keep = [](void* slots, void* data, std::size_t size) {
    if (size == sizeof(ebb_event))
      static_cast<std::vector<std::uint8_t>*>(slots)->push_back(
          static_cast<std::uint8_t>(static_cast<const ebb_event*>(data)->class_slot));
    return 0;
  };
  events.ring_.reset(ring_buffer__new(maps.events_fd(), keep, events.slots_.get(), nullptr));
  if (!events.ring_) return fail_errno("cannot read the map ebb_events", errno);
  return events;
}

int Events::fd() const { return ring_buffer__epoll_fd(ring_.get()); }

std::vector<std::uint8_t> Events::take() {
  ring_buffer__consume(ring_.get());
  return std::exchange(*slots_, {});
}

}  // namespace ebb
