using ImplicitNet.Models;

namespace ImplicitNet.Cli.Options;

/// <summary>What denoises in a restoration network, by name.</summary>
internal static class DenoiserChoice
{
    public static IReadOnlyList<string> Names { get; } = [RestorationOptions.Bounded, RestorationOptions.Free];
}
