# attent in a container, for x86-64. hadolint has nothing to say of this file; no image has been built from it, as the
# project's tests have no container engine. The stage `cpu` and the packages and bootstrap of `build` were run by hand in
# fresh Debian 12 systems; the stage `cuda` was not.
#
#     docker build --target cpu --tag attent .
#     docker build --target cuda --tag attent:cuda .
#     mkdir -p runs && docker run --rm --volume "$PWD/runs:/home/attent/runs" attent train digits
#
# The program runs as the user 1000, to whom `runs` has to belong.
FROM swift:6.3-bookworm AS build
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends \
    libcurl4-openssl-dev libpcre2-dev libsentencepiece-dev libspng-dev libturbojpeg0-dev pkg-config python3 python3-pip zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN scripts/with-native swift build -c release --product attent --scratch-path .build/static --static-swift-stdlib \
    && ATTENT_BINARY=.build/static/release/attent DESTDIR=/stage PREFIX=/usr/local scripts/install

FROM debian:bookworm-slim AS cpu
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends \
    libcurl4 libpcre2-8-0 libsentencepiece0 libspng0 libturbojpeg0 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 attent && install --directory --owner attent /home/attent/runs
COPY --from=build /stage/usr/local /usr/local
USER 1000
WORKDIR /home/attent
ENTRYPOINT ["attent"]
CMD ["--help"]

# The same program on a CUDA build of the same libtorch, which comes with NVIDIA's libraries.
FROM cpu AS cuda
USER 0
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends python3 python3-pip \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -m pip install --no-cache-dir --no-compile --target /opt/torch torch==2.13.0 \
    && rm /usr/local/lib/attent/lib*.so*
ENV LD_LIBRARY_PATH=/opt/torch/torch/lib
USER 1000
