using ImplicitNet.Solvers;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary>The start of a solve that failed.</summary>
internal sealed record FirstIterate : ReturnedIterate
{
    public override bool Replaces(double residual, double least) => double.IsPositiveInfinity(least);
}
