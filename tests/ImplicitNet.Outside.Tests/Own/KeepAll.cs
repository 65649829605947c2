using ImplicitNet.Networks;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary>Every sample counts, however its solve ended, and nothing is said.</summary>
internal sealed record KeepAll : FailurePolicy;
