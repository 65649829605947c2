using System.Globalization;
using CsCheck;

namespace ImplicitNet.Outside.Tests;

/// <summary>One case of a referee: where it comes from and what it is drawn from.</summary>
/// <param name="Seed">Given back as <c>CsCheck_Seed</c>, with <c>CsCheck_Iter=1</c>, it gives the same case again.</param>
/// <param name="Random">A source of the case's own.</param>
internal readonly record struct RefereeCase(string Seed, Random Random)
{
    /// <summary>Planted liars, which show that a referee can fail, in place of what is tried otherwise.</summary>
    public const string Planted = "planted";

    /// <summary>How many things to try: <c>CsCheck_Iter</c>, or as many as every build affords.</summary>
    public static int Count(int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable("CsCheck_Iter"), CultureInfo.InvariantCulture, out int count) ? count : otherwise;

    /// <summary>Cases without end, from <c>CsCheck_Seed</c> or from the same seed in every build.</summary>
    public static IEnumerable<RefereeCase> All(string? seed = null)
    {
        seed ??= Environment.GetEnvironmentVariable("CsCheck_Seed");
        PCG numbers = string.IsNullOrEmpty(seed) ? new PCG(1, 1) : PCG.Parse(seed);
        while (true)
        {
            string here = numbers.ToString();
            yield return new RefereeCase(here, new Random((int)(numbers.Next() >> 1)));
        }
    }
}
