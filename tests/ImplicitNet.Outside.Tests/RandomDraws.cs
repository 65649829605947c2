namespace ImplicitNet.Outside.Tests;

/// <summary>What cases are drawn with.</summary>
internal static class RandomDraws
{
    public static T Pick<T>(this Random random, IReadOnlyList<T> from) => from[random.Next(from.Count)];

    public static bool OneIn(this Random random, int count) => random.Next(count) == 0;

    public static double Between(this Random random, double low, double high) => low + ((high - low) * random.NextDouble());

    /// <summary>Standard normal (Box and Muller, 1958).</summary>
    public static double Normal(this Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    public static double[] Numbers(this Random random, int count, Func<double> draw)
    {
        _ = random;
        double[] numbers = new double[count];
        for (int place = 0; place < count; place++)
        {
            numbers[place] = draw();
        }

        return numbers;
    }
}
