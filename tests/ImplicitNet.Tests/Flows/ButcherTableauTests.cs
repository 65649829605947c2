using ImplicitNet.Flows;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Flows;

public sealed class ButcherTableauTests : TensorTest
{
    // So little is one digit in a published number of eight or more.
    private const double Slip = 1e-8;

    public static TheoryData<string> Names => Tableaux.Names;

    [Fact]
    public void Every_method_that_there_is_is_tested() => Assert.Equal(
        typeof(ButcherTableau).GetProperties().Where(property => property.PropertyType == typeof(ButcherTableau))
            .Select(property => property.Name).Order(),
        Tableaux.All.Select(tableau => tableau.Name).Order());

    [Theory]
    [InlineData("Euler", 1, 0, 1, 1, false)]
    [InlineData("Midpoint", 2, 1, 2, 2, false)]
    [InlineData("Heun", 2, 1, 2, 2, false)]
    [InlineData("RK4", 4, 0, 3, 4, false)]
    [InlineData("Bosh3", 3, 2, 3, 4, true)]
    [InlineData("Dopri5", 5, 4, 4, 7, true)]
    [InlineData("Tsit5", 5, 4, 4, 7, true)]
    public void A_method_is_of_its_orders(string name, int order, int errorOrder, int interpolationOrder, int stages, bool isFirstSameAsLast)
    {
        ButcherTableau tableau = Tableaux.Of(name);
        Assert.Equal(
            (order, errorOrder, interpolationOrder, stages, isFirstSameAsLast),
            (tableau.Order, tableau.ErrorOrder, tableau.InterpolationOrder, tableau.Stages, tableau.IsFirstSameAsLast));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_method_can_be_built_of_its_own_numbers_and_with_none_of_them_wrong(string name)
    {
        ButcherTableau tableau = Tableaux.Of(name);
        _ = Rebuilt(tableau, _ => { });
        int wrong = 0;
        foreach (Func<Numbers, double[]> part in Parts(tableau))
        {
            int count = part(new Numbers(tableau)).Length;
            for (int place = 0; place < count; place++)
            {
                Assert.Throws<ArgumentException>(() => Rebuilt(tableau, numbers => part(numbers)[place] += Slip));
                Assert.Throws<ArgumentException>(() => Rebuilt(tableau, numbers => part(numbers)[place] = double.NaN));
                wrong++;
            }
        }

        // Nodes, rows, weights, polynomials and errors of s stages.
        int s = tableau.Stages;
        Assert.True(wrong >= s + (s * (s - 1) / 2) + s + s + (tableau.HasError ? s : 0), $"{wrong} numbers");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_coefficient_that_is_wrong_together_with_its_node_is_seen_too(string name)
    {
        ButcherTableau tableau = Tableaux.Of(name);
        for (int row = 1; row < tableau.Stages; row++)
        {
            for (int column = 0; column < row; column++)
            {
                // The last row of these three is the point at which the error is estimated: it is no part of the method itself.
                bool isFree = tableau.IsFirstSameAsLast && row == tableau.Stages - 1;
                Action build = () => Rebuilt(tableau, numbers =>
                {
                    numbers.Coefficients[row][column] += Slip;
                    numbers.Nodes[row] += Slip;
                });
                if (tableau.Order > 1 && !isFree)
                {
                    Assert.Throws<ArgumentException>(build);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_claim_of_one_order_more_is_refused(string name)
    {
        ButcherTableau tableau = Tableaux.Of(name);
        Exception refusal = Assert.ThrowsAny<ArgumentException>(() => Rebuilt(tableau, numbers => numbers.Order++));
        Assert.Contains(tableau.Order == 5 ? "orders from 1 to 5" : $"not of order {tableau.Order + 1}", refusal.Message, StringComparison.Ordinal);
        if (tableau.HasError)
        {
            Assert.Throws<ArgumentException>(() => Rebuilt(tableau, numbers => numbers.ErrorOrder++));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Steps_of_a_linear_equation_are_powers_of_the_stability_function(string name)
    {
        const double Rate = -1.3, Time = 2;
        const int Steps = 20;
        double z = Rate * Time / Steps, step = Tableaux.Stability(name).Reverse().Aggregate(0.0, (sum, c) => (sum * z) + c);
        using PerSampleField field = new((_, u) => u * Rate);
        using Tensor start = ones(3, 1, ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(
            field, start, FlowTimes.Between(0, Time), new ExplicitRungeKutta(Tableaux.Of(name)), new FixedSteps(Steps));
        double expected = Math.Pow(step, Steps);
        Assert.All(flow.State.data<double>(), value => Assert.Equal(expected, value, 1e-13 * expected));
        if (name == "Dopri5")
        {
            Assert.Equal(0.0742735806897725, expected, 1e-15);
        }
    }

    private static IEnumerable<Func<Numbers, double[]>> Parts(ButcherTableau tableau)
    {
        yield return numbers => numbers.Nodes;
        yield return numbers => numbers.Weights;
        if (tableau.HasError)
        {
            yield return numbers => numbers.ErrorWeights!;
        }

        for (int row = 0; row < tableau.Stages; row++)
        {
            int stage = row;
            yield return numbers => numbers.Coefficients[stage];
            yield return numbers => numbers.Interpolation[stage];
        }
    }

    private static ButcherTableau Rebuilt(ButcherTableau tableau, Action<Numbers> change)
    {
        Numbers numbers = new(tableau);
        change(numbers);
        return new ButcherTableau(
            tableau.Name, numbers.Order, numbers.Nodes, numbers.Coefficients, numbers.Weights, numbers.Interpolation, numbers.ErrorWeights,
            numbers.ErrorOrder);
    }

    /// <summary>What a method is made of, to be changed.</summary>
    private sealed class Numbers(ButcherTableau tableau)
    {
        public int Order { get; set; } = tableau.Order;

        public int ErrorOrder { get; set; } = tableau.ErrorOrder;

        public double[] Nodes { get; } = [.. tableau.Nodes];

        public double[][] Coefficients { get; } = [.. tableau.Coefficients.Select(row => row.ToArray())];

        public double[] Weights { get; } = [.. tableau.Weights];

        public double[][] Interpolation { get; } = [.. tableau.Interpolation.Select(polynomial => polynomial.ToArray())];

        public double[]? ErrorWeights { get; } = tableau.ErrorWeights?.ToArray();
    }
}
