using ImplicitNet.Networks;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Robustness;

/// <summary>A network whose radii are attacked.</summary>
/// <param name="Name">What findings call it.</param>
/// <param name="Network">The network.</param>
/// <param name="Shape">Of one sample.</param>
/// <param name="Dtype">Of weights and data.</param>
internal sealed record DrawnNetwork(string Name, ImplicitNetwork Network, long[] Shape, ScalarType Dtype);
