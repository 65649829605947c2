namespace ImplicitNet.Outside.Tests.Statuses;

/// <summary>Solves at random, and whether what is called converged is so.</summary>
internal static class StatusReferee
{
    // A few seconds on one core.
    private const int SolvesOfCi = 4000;
    private const int FindingsShown = 30;

    /// <summary>Runs it. 0: nothing found.</summary>
    public static int Run(string[] arguments)
    {
        bool isPlanted = arguments is [RefereeCase.Planted];
        int count = RefereeCase.Count(SolvesOfCi);
        (int solves, int converged, int refused, int found, int misreported) = (0, 0, 0, 0, 0);
        Dictionary<string, int> kinds = [];
        foreach (RefereeCase drawn in RefereeCase.All())
        {
            if (solves >= count)
            {
                break;
            }

            StatusCase one = new(drawn.Random, isPlanted ? new LyingSolver() : null);
            IReadOnlyList<string> objections = one.Objections();
            solves += one.Solves;
            converged += one.Converged;
            refused += one.Refused;
            misreported += one.Misreported;
            if (one.FirstMisreport is { } misreport && misreported - one.Misreported < FindingsShown)
            {
                Console.WriteLine($"CsCheck_Seed={drawn.Seed} CsCheck_Iter=1: {misreport}");
            }

            if (objections.Count > 0)
            {
                kinds[one.Kind] = kinds.GetValueOrDefault(one.Kind) + objections.Count;
                if (kinds[one.Kind] == objections.Count && kinds.Count <= FindingsShown)
                {
                    Console.WriteLine($"CsCheck_Seed={drawn.Seed} CsCheck_Iter=1: {objections[0]}");
                }
            }

            found += objections.Count;
        }

        foreach ((string kind, int times) in kinds.OrderByDescending(entry => entry.Value))
        {
            Console.WriteLine($"{times} times {kind}");
        }

        Console.WriteLine($"{converged} called converged, {refused} without a derivative refused");
        Console.WriteLine($"{misreported} reported with another residual than that of their latent");
        Console.WriteLine($"{solves} solves, {found} false Converged");
        return found + misreported == 0 ? 0 : 1;
    }
}
