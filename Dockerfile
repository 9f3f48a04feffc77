# attent in a container. Not built by the project's tests, which have no container engine.
#
#     docker build --target cpu --tag attent .
#     docker build --target cuda --tag attent:cuda .
#     docker run --rm --volume "$PWD/runs:/home/attent/runs" attent train digits
FROM swift:6.1-bookworm AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends \
    libcurl4-openssl-dev libpcre2-dev libsentencepiece-dev libspng-dev libturbojpeg0-dev make pkg-config python3 python3-pip zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN scripts/with-native swift build -c release --product attent --scratch-path .build/static --static-swift-stdlib \
    && ATTENT_BINARY=.build/static/release/attent DESTDIR=/stage PREFIX=/usr/local scripts/install

FROM debian:bookworm-slim AS cpu
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends \
    libcurl4 libpcre2-8-0 libsentencepiece0 libspng0 libturbojpeg0 libxml2 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 attent && mkdir --parents /home/attent/.native/data \
    && ln --symbolic /usr/local/share/attent/digits.csv.gz /home/attent/.native/data/digits.csv.gz && chown --recursive attent /home/attent
COPY --from=build /stage/usr/local /usr/local
USER attent
WORKDIR /home/attent
ENTRYPOINT ["attent"]
CMD ["--help"]

# The same program on a CUDA build of the same libtorch, which comes with NVIDIA's libraries.
FROM cpu AS cuda
USER root
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends python3 python3-pip \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -m pip install --no-cache-dir --no-compile --target /opt/torch torch==2.13.0 \
    && rm /usr/local/lib/attent/lib*.so*
ENV LD_LIBRARY_PATH=/opt/torch/torch/lib
USER attent
