// swift-tools-version: 6.1
import Foundation
import PackageDescription

// A package of someone else's, which uses AtteNT: Teaching alone or, where ATTENT_CLIENT_PRODUCTS asks for it, the trainer.
let products = (ProcessInfo.processInfo.environment["ATTENT_CLIENT_PRODUCTS"] ?? "Teaching").split(separator: ",")

let package = Package(
    name: "client",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "attent", path: "../..")],
    targets: [
        .executableTarget(
            name: "client", dependencies: products.map { .product(name: String($0), package: "attent") },
            swiftSettings: products.contains("Training") ? [.define("TRAINING")] : [])
    ])
