namespace ImplicitNet.Flows;

/// <summary>
/// The coefficients of an explicit Runge-Kutta method: <c>k_i = f(t + c_i h, u + h sum_j a_ij k_j)</c>, <c>u+ = u + h sum_i b_i k_i</c>.
/// One whose numbers are not those of its order cannot be made.
/// </summary>
/// <remarks>
/// The constructor checks the conditions of every rooted tree up to the order that is claimed, of the method, of its error estimate and of
/// its interpolant (1, 1, 2, 4 and 9 trees for orders 1 to 5).
/// </remarks>
public sealed class ButcherTableau
{
    // Published coefficients are given to sixteen digits or as fractions.
    private const double Accuracy = 1e-13;

    /// <summary>Creates a method.</summary>
    /// <param name="name">Its name in tables.</param>
    /// <param name="order">Its order, 1 to 5.</param>
    /// <param name="nodes">c: one a stage, the first 0; the sums of the rows of a.</param>
    /// <param name="coefficients">a: row i has i numbers, the first none.</param>
    /// <param name="weights">b: one a stage.</param>
    /// <param name="interpolation">
    /// For every stage the polynomial b_i(theta) = p_1 theta + p_2 theta^2 + ..., which is b_i at 1: the state after the share theta of a
    /// step is u + h sum b_i(theta) k_i.
    /// </param>
    /// <param name="errorWeights">b minus the weights of the lower order; default: no error estimate, for <see cref="FixedSteps"/>
    /// only.</param>
    /// <param name="errorOrder">That lower order.</param>
    /// <exception cref="ArgumentException">The numbers are not those of an explicit method of that order; the message says which are
    /// not.</exception>
    public ButcherTableau(
        string name, int order, double[] nodes, double[][] coefficients, double[] weights, double[][] interpolation,
        double[]? errorWeights = null, int errorOrder = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentNullException.ThrowIfNull(coefficients);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(interpolation);
        Name = name;
        Order = order is >= 1 and <= 5
            ? order
            : throw new ArgumentOutOfRangeException(nameof(order), order, $"{name}: orders from 1 to 5 can be checked.");
        (Nodes, Weights, ErrorOrder) = ([.. nodes], [.. weights], errorOrder);
        ErrorWeights = errorWeights is null ? null : [.. errorWeights];
        Coefficients = [.. coefficients.Select(row => row is null ? null! : (double[])[.. row])];
        Interpolation = [.. interpolation.Select(polynomial => polynomial is null ? null! : (double[])[.. polynomial])];
        EnsureShape();
        EnsureRowSums();
        EnsureOrder(weights, order, 1, "weights");
        InterpolationOrder = Enumerable.Range(1, order).TakeWhile(IsInterpolation).LastOrDefault();
        Ensure(InterpolationOrder >= 1, "the interpolant is not even linear");
        double[] atOne = InterpolationAt(1);
        Ensure(Close(atOne, weights), "the interpolant does not end in the weights");
        if (errorWeights is not null)
        {
            Ensure(
                errorOrder >= 1 && errorOrder <= order,
                $"an error estimate of order {errorOrder} belongs to no method of order {order}");
            EnsureOrder([.. weights.Zip(errorWeights, (b, e) => b - e)], errorOrder, 1, "lower weights");
            Ensure(errorWeights.Any(e => e != 0), "the error weights are zero");
        }
    }

    // Of stages that are each a part of the field, which no condition of order holds for.
    private ButcherTableau(string name, double[] nodes, double[][] coefficients, double[] weights, double[][] interpolation)
    {
        (Name, Order, InterpolationOrder) = (name, 2, 1);
        (Nodes, Coefficients, Weights, Interpolation) = (nodes, coefficients, weights, interpolation);
        IsOfParts = true;
    }

    /// <summary>Euler 1768: one stage, order 1.</summary>
    public static ButcherTableau Euler { get; } = new("Euler", 1, [0], [[]], [1], [[1]]);

    /// <summary>The midpoint rule (Runge 1895): two stages, order 2, with Euler's step as the lower order.</summary>
    public static ButcherTableau Midpoint { get; } =
        new("Midpoint", 2, [0, 0.5], [[], [0.5]], [0, 1], [[1, -1], [0, 1]], [-1, 1], 1);

    /// <summary>Heun 1900, the explicit trapezoidal rule: two stages, order 2, with Euler's step as the lower order.</summary>
    public static ButcherTableau Heun { get; } =
        new("Heun", 2, [0, 1], [[], [1]], [0.5, 0.5], [[1, -0.5], [0, 0.5]], [-0.5, 0.5], 1);

    /// <summary>Kutta 1901: four stages, order 4, no error estimate. Between steps of order 3.</summary>
    public static ButcherTableau RK4 { get; } = new(
        "RK4", 4, [0, 0.5, 0.5, 1], [[], [0.5], [0, 0.5], [0, 0, 1]], [1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6],
        [[1, -1.5, 2.0 / 3], [0, 1, -2.0 / 3], [0, 1, -2.0 / 3], [0, -0.5, 2.0 / 3]]);

    /// <summary>Bogacki and Shampine 1989: three stages a step, order 3(2), Hermite's cubic between steps.</summary>
    public static ButcherTableau Bosh3 { get; } = new(
        "Bosh3", 3, [0, 0.5, 0.75, 1],
        [[], [0.5], [0, 0.75], [2.0 / 9, 1.0 / 3, 4.0 / 9]],
        [2.0 / 9, 1.0 / 3, 4.0 / 9, 0],
        [[1, -4.0 / 3, 5.0 / 9], [0, 1, -2.0 / 3], [0, 4.0 / 3, -8.0 / 9], [0, -1, 1]],
        [2.0 / 9 - 7.0 / 24, 1.0 / 3 - 0.25, 4.0 / 9 - 1.0 / 3, -0.125], 2);

    /// <summary>Dormand and Prince 1980: six stages a step, order 5(4), Shampine's interpolant of order 4.</summary>
    public static ButcherTableau Dopri5 { get; } = DormandPrince();

    /// <summary>Tsitouras 2011: six stages a step, order 5(4), his interpolant of order 4. The default: smaller errors than
    /// Dopri5's.</summary>
    public static ButcherTableau Tsit5 { get; } = Tsitouras();

    /// <summary>
    /// Verlet's step, whose stages are a kick, a drift and a kick: <see cref="Loop.SplitField"/>. What a part does not move is 0 in it, so
    /// that the sums for positions and for momenta are the same ones.
    /// </summary>
    internal static ButcherTableau Verlet { get; } =
        new("Verlet", [0, 0.5, 0.5], [[], [0.5], [0.5, 1]], [0.5, 1, 0.5], [[0.5], [1], [0.5]]);

    /// <summary>Such as "Tsit5".</summary>
    public string Name { get; }

    /// <summary>The order p: halving steps makes the error 2^p times smaller.</summary>
    public int Order { get; }

    /// <summary>The order of what the error is measured against; 0 without an estimate.</summary>
    public int ErrorOrder { get; }

    /// <summary>The order of states between steps.</summary>
    public int InterpolationOrder { get; }

    /// <summary>Stages.</summary>
    public int Stages => Weights.Length;

    /// <summary>Whether steps have an error estimate.</summary>
    public bool HasError => ErrorWeights is not null;

    /// <summary>Whether the last stage is the first of the next step (first same as last), so that it costs nothing.</summary>
    public bool IsFirstSameAsLast => Stages > 1 && Nodes[^1] == 1 && Coefficients[^1].AsSpan().SequenceEqual(Weights.AsSpan(0, Stages - 1));

    /// <summary>Whether its last stage is what the first of the next step would be, though it has a weight of its own.</summary>
    internal bool IsOfParts { get; }

    internal double[] Nodes { get; }

    internal double[][] Coefficients { get; }

    internal double[] Weights { get; }

    internal double[]? ErrorWeights { get; }

    internal double[][] Interpolation { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>b_i(theta) for every stage.</summary>
    internal double[] InterpolationAt(double theta) => [.. Interpolation.Select(polynomial => Value(polynomial, theta) * theta)];

    /// <summary>Its derivative in theta.</summary>
    internal double[] InterpolationSlope(double theta) =>
        [.. Interpolation.Select(polynomial => Value([.. polynomial.Select((p, power) => p * (power + 1))], theta))];

    // p_1 + p_2 theta + ...
    private static double Value(double[] polynomial, double theta)
    {
        double value = 0;
        for (int power = polynomial.Length - 1; power >= 0; power--)
        {
            value = (value * theta) + polynomial[power];
        }

        return value;
    }

    private static bool Close(double[] one, double[] other) => one.Zip(other).All(pair => Math.Abs(pair.First - pair.Second) <= Accuracy);

    private static ButcherTableau DormandPrince()
    {
        double[] weights = [35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84, 0];
        double[] dense =
        [
            -12715105075.0 / 11282082432, 0, 87487479700.0 / 32700410799, -10690763975.0 / 1880347072, 701980252875.0 / 199316789632,
            -1453857185.0 / 822651844, 69997945.0 / 29380423,
        ];

        // Hairer, Nørsett and Wanner 1993, II.6: Hermite's cubic, and theta^2 (1 - theta)^2 times a combination of the stages.
        double[][] interpolation = [.. weights.Select((b, stage) =>
        {
            double first = stage == 0 ? 1 : 0, last = stage == weights.Length - 1 ? 1 : 0, d = dense[stage];
            return (double[])[first, (3 * b) - (2 * first) - last + d, first + last - (2 * b) - (2 * d), d];
        })];
        return new ButcherTableau(
            "Dopri5", 5, [0, 0.2, 0.3, 0.8, 8.0 / 9, 1, 1],
            [
                [],
                [0.2],
                [3.0 / 40, 9.0 / 40],
                [44.0 / 45, -56.0 / 15, 32.0 / 9],
                [19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729],
                [9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656],
                weights[..6],
            ],
            weights, interpolation,
            [71.0 / 57600, 0, -71.0 / 16695, 71.0 / 1920, -17253.0 / 339200, 22.0 / 525, -1.0 / 40], 4);
    }

    private static ButcherTableau Tsitouras()
    {
        double[] weights =
        [
            0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774, 0,
        ];
        return new ButcherTableau(
            "Tsit5", 5, [0, 0.161, 0.327, 0.9, 0.9800255409045097, 1, 1],
            [
                [],
                [0.161],
                [-0.008480655492356989, 0.335480655492357],
                [2.8971530571054935, -6.359448489975075, 4.3622954328695815],
                [5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525],
                [5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383],
                weights[..6],
            ],
            weights,
            [
                Quartic(-1.0530884977290216, 1.3299890189751412, 1.4364028541716351, 0.7139816917074209),
                [0, 0.1017 * 1.2949852507374631, 0.1017 * -2.1966568338249754, 0.1017],
                [0, 2.490627285651252793 * 1.57803468208092486, 2.490627285651252793 * -2.38535645472061657, 2.490627285651252793],
                Product(-16.54810288924490272, 1.21712927295533244, 0.61620406037800089),
                Product(47.37952196281928122, 1.203071208372362603, 0.658047292653547382),
                Product(-34.87065786149660974, 1.2, 0.666666666666666667),
                Product(2.5, 1, 0.6),
            ],
            [
                -0.00178001105222577714, -0.0008164344596567469, 0.007880878010261995, -0.1447110071732629, 0.5823571654525552,
                -0.45808210592918697, 0.015151515151515152,
            ], 4);

        // a theta (theta - r) (theta^2 - s theta + c)
        static double[] Quartic(double a, double r, double s, double c) => [-a * r * c, a * (c + (r * s)), -a * (r + s), a];

        // a theta^2 (theta - r) (theta - s)
        static double[] Product(double a, double r, double s) => [0, a * r * s, -a * (r + s), a];
    }

    private void EnsureShape()
    {
        int stages = Weights.Length;
        Ensure(
            stages >= 1 && Nodes.Length == stages && Coefficients.Length == stages && Interpolation.Length == stages
            && (ErrorWeights is null || ErrorWeights.Length == stages),
            $"nodes, rows, weights and polynomials must be as many as stages; they are {Nodes.Length}, {Coefficients.Length}, {stages} "
            + $"and {Interpolation.Length}");
        for (int row = 0; row < stages; row++)
        {
            Ensure(Coefficients[row]?.Length == row, $"row {row} of an explicit method has {row} numbers");
            Ensure(Interpolation[row] is { Length: > 0 }, $"the polynomial of stage {row} has no numbers");
        }
    }

    private void EnsureRowSums()
    {
        for (int row = 0; row < Stages; row++)
        {
            double sum = Coefficients[row].Sum();
            Ensure(Math.Abs(sum - Nodes[row]) <= Accuracy, $"the sum of row {row} is {sum:r}, and its node {Nodes[row]:r}");
        }
    }

    private void EnsureOrder(double[] weights, int order, double theta, string what)
    {
        foreach (RootedTree tree in Enumerable.Range(1, order).SelectMany(RootedTree.OfOrder))
        {
            double sum = Sum(tree, weights), exact = Math.Pow(theta, tree.Order) / tree.Density;
            Ensure(
                Math.Abs(sum - exact) <= Accuracy,
                $"the {what} are not of order {order}: a condition of order {tree.Order} is {sum:r}, not {exact:r}");
        }
    }

    // An identity of polynomials, which holds where it holds at more places than their degree.
    private bool IsInterpolation(int order)
    {
        int places = Interpolation.Max(polynomial => polynomial.Length) + 1;
        return RootedTree.OfOrder(order).All(tree => Enumerable.Range(1, places).All(place =>
        {
            double theta = (double)place / places;
            return Math.Abs(Sum(tree, InterpolationAt(theta)) - (Math.Pow(theta, order) / tree.Density)) <= 10 * Accuracy;
        }));
    }

    private double Sum(RootedTree tree, double[] weights) => tree.StageValues(Coefficients).Zip(weights, (value, b) => value * b).Sum();

    private void Ensure(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new ArgumentException($"{Name} is no such Runge-Kutta method: {otherwise}.");
        }
    }
}
