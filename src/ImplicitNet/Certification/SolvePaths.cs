using ImplicitNet.Networks;

namespace ImplicitNet.Certification;

/// <summary>What several starts led to at one implicit solve.</summary>
/// <param name="Layer">The layer that made it; null for <see cref="Implicit"/>.</param>
/// <param name="Samples">One entry per sample; all the same for a map that couples them, since it is one system.</param>
public sealed record SolvePaths(ImplicitLayer? Layer, IReadOnlyList<PathAgreement> Samples);
