// SourceFeed: what a stream shows: a source into the sender, and another in its place while pictures flow.
//
//   A new source is opened beside the one that runs, which gives pictures until the new one has its first. Where both are the
//   same camera, or the old one gives none, or the stream is paused, the old one is let go first. A file waits for its first
//   receiver, and at its own pace for the lone receiver of every frame, as with `glimt send`.
//
//   input    choice of a source; pause; encoding
//   output   pictures into the sender; states
//   errors   none: trouble is told in status(), and tried again
//   threads  thread-safe; the taker's part is called by the readers. set() does not wait for a source; close() does
//   memory   the newest picture; kMostReaders readers, of which kMostReaders - 2 are sources that do not let go
#pragma once

#include "hub/source_reader.hpp"
#include "pipeline/sender.hpp"

namespace glimt::hub {

class SourceFeed final : private SourceReader::Taker {
 public:
  static constexpr size_t kMostReaders = 4;

  // `sender` outlives it.
  SourceFeed(pipeline::Sender& sender, const Encoding& encoding);
  ~SourceFeed() override { close(); }

  // The same choice again: nothing happens to the source, but for one that has ended: resumed, it begins anew.
  void set(const SourceReader::Choice& choice, bool paused);
  // From the next picture on.
  void set_encoding(const Encoding& encoding);
  StreamEngine::SourceStatus status() const;
  // The newest picture that went into the sender; empty before the first.
  std::optional<source::Picture> newest() const;
  // After it returns nothing more goes into the sender.
  void close();

  // Pictures go there too, first the newest. Nobody else holds it while they do; empty: no longer.
  void branch(std::shared_ptr<pipeline::Sender> to);

 private:
  using Readers = std::vector<std::unique_ptr<SourceReader>>;

  bool wants_pixels() override;
  Fit fit() override;
  void wait_for_receiver(SourceReader& from) override;
  void take(SourceReader& from, source::Picture picture, bool patient) override;
  void has_left(SourceReader& from) override;

  void claim(SourceReader& from);
  bool branches() const;
  void open_if_possible() GLIMT_REQUIRES(m_);
  bool must_go_first(const std::string& device) const GLIMT_REQUIRES(m_);
  bool still_holds(const std::string& device) const GLIMT_REQUIRES(m_);
  void retire(std::unique_ptr<SourceReader> reader) GLIMT_REQUIRES(m_);

  pipeline::Sender& sender_;

  mutable Mutex m_;
  Encoding encoding_ GLIMT_GUARDED_BY(m_);
  Fit fit_ GLIMT_GUARDED_BY(m_);
  std::optional<SourceReader::Choice> wanted_ GLIMT_GUARDED_BY(m_);
  bool to_open_ GLIMT_GUARDED_BY(m_) = false;  // what is wanted has no reader yet
  bool paused_ GLIMT_GUARDED_BY(m_) = false;
  bool closed_ GLIMT_GUARDED_BY(m_) = false;
  uint64_t reopened_before_ GLIMT_GUARDED_BY(m_) = 0;  // by readers that were retired
  std::optional<source::Picture> newest_ GLIMT_GUARDED_BY(m_);
  std::shared_ptr<pipeline::Sender> branch_ GLIMT_GUARDED_BY(m_);
  std::unique_ptr<SourceReader> current_ GLIMT_GUARDED_BY(m_);  // its pictures go to the sender
  std::unique_ptr<SourceReader> next_ GLIMT_GUARDED_BY(m_);     // takes its place with its first picture
  Readers retired_ GLIMT_GUARDED_BY(m_);                        // joined by set() and close()
};

}  // namespace glimt::hub
