namespace ImplicitNet.Flows;

/// <summary>
/// A rooted tree, which stands for one term of the Taylor series of a flow: a Runge-Kutta method has order p where it is right for every
/// tree of at most p nodes (Butcher 1963; Hairer, Nørsett and Wanner 1993, II.2).
/// </summary>
/// <param name="Children">The trees that hang on the root, the larger first.</param>
internal sealed record RootedTree(IReadOnlyList<RootedTree> Children)
{
    /// <summary>Nodes.</summary>
    public int Order { get; } = 1 + Children.Sum(child => child.Order);

    /// <summary>gamma, of which the weight of the tree in an exact method is the inverse.</summary>
    public double Density => Order * Children.Aggregate(1.0, (product, child) => product * child.Density);

    /// <summary>All trees of some nodes: 1, 1, 2, 4, 9 for one to five.</summary>
    public static IEnumerable<RootedTree> OfOrder(int nodes) =>
        Forests(nodes - 1, nodes - 1, int.MaxValue).Select(forest => new RootedTree(forest));

    /// <summary>For every stage, the product over the children of the sums over earlier stages.</summary>
    /// <param name="coefficients">a: row i has i numbers.</param>
    public double[] StageValues(double[][] coefficients)
    {
        double[] values = [.. Enumerable.Repeat(1.0, coefficients.Length)];
        foreach (RootedTree child in Children)
        {
            double[] of = child.StageValues(coefficients);
            for (int stage = 0; stage < values.Length; stage++)
            {
                values[stage] *= coefficients[stage].Select((a, earlier) => a * of[earlier]).Sum();
            }
        }

        return values;
    }

    // Lists of trees with so many nodes together, none of which is larger than, or comes later among its size than, the one before it.
    private static IEnumerable<RootedTree[]> Forests(int nodes, int largest, int position)
    {
        if (nodes == 0)
        {
            return [[]];
        }

        return Enumerable.Range(1, Math.Min(nodes, largest)).SelectMany(size => OfOrder(size)
            .Take(size == largest ? position : int.MaxValue)
            .SelectMany((tree, index) => Forests(nodes - size, size, index + 1).Select(rest => (RootedTree[])[tree, .. rest])));
    }
}
