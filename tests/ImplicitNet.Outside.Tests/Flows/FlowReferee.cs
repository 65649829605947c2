namespace ImplicitNet.Outside.Tests.Flows;

/// <summary>Flows at random, and whether what is called completed is where the field leads.</summary>
internal static class FlowReferee
{
    // A few seconds on one core.
    private const int FlowsOfCi = 2500;
    private const int FindingsShown = 30;

    /// <summary>Runs it. 0: nothing found.</summary>
    public static int Run(string[] arguments)
    {
        bool isPlanted = arguments is [RefereeCase.Planted];
        int count = RefereeCase.Count(FlowsOfCi);
        (int flows, int completed, int judged, int found) = (0, 0, 0, 0);
        Dictionary<string, int> kinds = [];
        (double share, string kind) worst = (0, "");
        foreach (RefereeCase drawn in RefereeCase.All())
        {
            if (flows >= count)
            {
                break;
            }

            FlowCase one = new(drawn.Random, isPlanted ? FieldFamily.Planted : null);
            IReadOnlyList<string> objections = one.Objections();
            flows += one.Flows;
            completed += one.Completed;
            judged += one.Judged;
            found += objections.Count;
            worst = one.Worst > worst.share ? (one.Worst, one.Kind) : worst;
            if (objections.Count > 0)
            {
                kinds[one.Kind] = kinds.GetValueOrDefault(one.Kind) + objections.Count;
                if (kinds[one.Kind] == objections.Count && kinds.Count <= FindingsShown)
                {
                    Console.WriteLine($"CsCheck_Seed={drawn.Seed} CsCheck_Iter=1: {objections[0]}");
                }
            }
        }

        foreach ((string kind, int times) in kinds.OrderByDescending(entry => entry.Value))
        {
            Console.WriteLine($"{times} times {kind}");
        }

        Console.WriteLine(
            $"{completed} called completed, {judged} states judged, the farthest off by {worst.share * FlowJudge.Tolerances:g3} tolerances ({worst.kind})");
        Console.WriteLine($"{flows} flows, {found} false states");
        return found == 0 ? 0 : 1;
    }
}
