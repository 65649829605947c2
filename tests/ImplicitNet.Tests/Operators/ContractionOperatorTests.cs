using ImplicitNet.Operators;
using ImplicitNet.Outside.Tests.Own;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class ContractionOperatorTests : TensorTest
{
    public static TheoryData<string, double> Cases => new()
    {
        { "convolution", 0.1 }, { "convolution", 0.5 }, { "convolution", 0.9 }, { "convolution", 0.99 },
        { "linear", 0.5 }, { "linear", 0.95 }, { "tanh", 0.9 }, { "a user's own", 0.9 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Distances_shrink_by_gamma_at_least(string kind, double gamma)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(11);
        (LatentOperator latentOperator, Tensor q) = Create(kind, gamma);
        using LatentOperator owned = latentOperator;
        for (int trial = 0; trial < 20; trial++)
        {
            Tensor u = randn_like(q) * Math.Pow(10, trial % 3);
            Tensor v = u + randn_like(q) * Math.Pow(10, -(trial % 4));
            Tensor mapped = latentOperator.call(u, q) - latentOperator.call(v, q);
            Tensor ratio = mapped.flatten(1).norm(1) / (u - v).flatten(1).norm(1);
            Assert.InRange(ratio.max().ToDouble(), 0, gamma + 1e-9);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Measured_is_at_most_certified_is_at_most_declared(string kind, double gamma)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(12);
        (LatentOperator latentOperator, Tensor q) = Create(kind, gamma);
        using LatentOperator owned = latentOperator;
        using FixedPointMap map = latentOperator.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(map, latentOperator.StartingLatent(q), stopping: new StoppingRule { MaxSteps = 5000 });
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        ContractionReport report = Contraction.Report(latentOperator, q, solution.Latent);
        Assert.Equal(gamma, report.Declared);
        Assert.InRange(report.Certified!.Value, report.Measured, gamma);
        Assert.InRange(report.Measured, report.MeasuredMean, gamma);
        Assert.True(report.MeasuredMean > 0.05 * gamma);
    }

    [Fact]
    public void The_measured_norm_is_that_of_the_dense_jacobian()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(13);
        using ContractionOperator latentOperator = new(new BoundedLinear(6, 6, ScalarType.Float64), 0.8, LatentActivation.Tanh);
        Tensor q = randn([3, 6], ScalarType.Float64);
        Tensor u = randn([3, 6], ScalarType.Float64);
        using FixedPointMap map = latentOperator.Bind(q);
        double[] measured = Contraction.Measure(map, u, iterations: 300);
        for (int sample = 0; sample < 3; sample++)
        {
            Tensor slope = 1 - map.Evaluate(u)[sample].square();
            Tensor weight = latentOperator.named_parameters().Single().parameter;
            using BoundedLinear twin = new(6, 6, ScalarType.Float64);
            using (no_grad())
            {
                twin.named_parameters().Single().parameter.copy_(weight);
            }

            Tensor jacobian = slope.unsqueeze(1) * twin.NormalizedWeight() * 0.8;
            Assert.Equal(linalg.svdvals(jacobian).max().ToDouble(), measured[sample], 1e-8);
        }
    }

    [Fact]
    public void The_start_is_the_first_iterate_from_zero_and_keeps_the_memory_layout()
    {
        using DisposeScope scope = NewDisposeScope();
        (LatentOperator latentOperator, Tensor q) = Create("convolution", 0.5);
        using LatentOperator owned = latentOperator;
        Tensor channelsLast = q.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        Tensor start = latentOperator.StartingLatent(channelsLast);
        Assert.Equal(channelsLast.stride(), start.stride());
        Assert.True((start - latentOperator.call(zeros_like(q), q)).abs().max().ToDouble() < 1e-12);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-0.5)]
    [InlineData(double.NaN)]
    public void A_factor_outside_zero_to_one_is_refused(double gamma)
    {
        using BoundedLinear layer = new(2, 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ContractionOperator(layer, gamma));
        Assert.Throws<ArgumentOutOfRangeException>(() => LatentActivation.LeakyRelu(1.5));
    }

    private static (LatentOperator Operator, Tensor Q) Create(string kind, double gamma) => kind switch
    {
        "convolution" => (new ContractionOperator(new BoundedConvolution(3, 3, 3, (5, 6), ScalarType.Float64), gamma), randn([4, 3, 5, 6], ScalarType.Float64)),
        "tanh" => (new ContractionOperator(new BoundedConvolution(3, 3, 3, null, ScalarType.Float64), gamma, LatentActivation.Tanh), randn([4, 3, 5, 6], ScalarType.Float64)),
        "a user's own" => (new ContractionOperator(new BoundedSymmetric(7, ScalarType.Float64), gamma, new SoftSign()), randn([4, 7], ScalarType.Float64)),
        _ => (new ContractionOperator(new BoundedLinear(7, 7, ScalarType.Float64), gamma), randn([4, 7], ScalarType.Float64)),
    };
}
