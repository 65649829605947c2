using ImplicitNet.Training;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary>A few steps that only move on, then a few that count.</summary>
internal sealed record LongerAndLonger : SolveSchedule
{
    public override IReadOnlyList<SolvePhase> Phases(ulong draw) =>
        [new() { Steps = 1 + (int)(draw % 5), LossWeight = 0 }, new() { Steps = 3 }];
}
