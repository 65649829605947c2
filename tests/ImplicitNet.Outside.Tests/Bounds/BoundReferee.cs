namespace ImplicitNet.Outside.Tests.Bounds;

/// <summary>Bounded operators at random, and whether the bounds are above their norms.</summary>
internal static class BoundReferee
{
    // A few seconds on one core.
    private const int OperatorsOfCi = 400;
    private const int FindingsShown = 40;

    /// <summary>Runs it. 0: nothing found.</summary>
    public static int Run(string[] arguments)
    {
        bool isPlanted = arguments is [RefereeCase.Planted];
        (string Kind, Func<Random, ClaimedOperator> Draw, bool MayBeRefused)[] family =
            [.. OperatorFamily.All.Where(entry => isPlanted || arguments.Length == 0 || arguments[0] == entry.Kind)];
        if (family.Length == 0)
        {
            Console.WriteLine($"The kinds are {string.Join(", ", OperatorFamily.All.Select(entry => entry.Kind).Distinct())}.");
            return 2;
        }

        int count = RefereeCase.Count(OperatorsOfCi);
        (int operators, int refused, int found) = (0, 0, 0);
        foreach (RefereeCase drawn in RefereeCase.All().Take(count))
        {
            operators++;
            (_, Func<Random, ClaimedOperator> draw, bool mayBeRefused) =
                isPlanted ? ("", OperatorFamily.Lying, false) : drawn.Random.Pick(family);
            string? objection;
            try
            {
                ClaimedOperator claimed = draw(drawn.Random);
                objection = BoundJudge.Objection(claimed, drawn.Random) is { } reason ? $"{claimed.Name}: {reason}" : null;
            }
            catch (Exception refusal) when (mayBeRefused && Refusals.Objection(refusal) is null)
            {
                refused++;
                objection = null;
            }
            catch (Exception exception)
            {
                objection = Refusals.Objection(exception) ?? $"refused: {exception.Message}";
            }

            found += objection is null ? 0 : 1;
            if (objection is not null && found <= FindingsShown)
            {
                Console.WriteLine($"CsCheck_Seed={drawn.Seed} CsCheck_Iter=1: {objection}");
            }
        }

        foreach (string objection in ModelBounds.Objections())
        {
            found++;
            Console.WriteLine(objection);
        }

        Console.WriteLine($"{refused} refused");
        Console.WriteLine($"{operators} operators, {found} bounds below the norm");
        return found == 0 ? 0 : 1;
    }
}
