using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class ExplicitOperatorTests : TensorTest
{
    [Fact]
    public void The_twin_is_the_readout_of_one_application_from_zero()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork twin = Twin();
        Tensor data = randn(5, 3, dtype: ScalarType.Float64);
        LatentOperator inner = ((ExplicitOperator)twin.Layer.Operator).Operator;
        Tensor q = twin.Encoder.call(data);
        Tensor expected = twin.Readout.call(inner.call(zeros_like(q), q));
        foreach (FixedPointSolver solver in (FixedPointSolver[])[new PicardSolver(), new AndersonSolver(), new BroydenSolver(), new NewtonKrylovSolver()])
        {
            twin.Solver = solver;
            using ImplicitResult result = twin.Run(data);
            Assert.True(result.Output.allclose(expected, 1e-12, 1e-12));
            Assert.True(result.Report.AllConverged);
        }

        twin.Solver = new PicardSolver();
        using ImplicitResult plain = twin.Run(data);
        Assert.All(plain.Report.Samples, sample => Assert.Equal((2, 0.0), (sample.Steps, sample.Residual)));
    }

    public static TheoryData<FixedPointGradient> Modes => [new JacobianFreeGradient(), new NeumannGradient(), new ImplicitGradient(), new UnrolledGradient()];

    [Theory]
    [MemberData(nameof(Modes), DisableDiscoveryEnumeration = true)]
    public void Its_gradients_are_those_of_one_application(FixedPointGradient gradient)
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork twin = Twin();
        Tensor data = randn(5, 3, dtype: ScalarType.Float64);
        LatentOperator inner = ((ExplicitOperator)twin.Layer.Operator).Operator;
        Tensor q = twin.Encoder.call(data);
        twin.Readout.call(inner.call(zeros_like(q), q)).square().sum().backward();
        double[][] expected = [.. twin.parameters().Select(parameter => parameter.grad is { } grad ? grad.data<double>().ToArray() : [])];
        twin.zero_grad();
        twin.Gradient = gradient;
        twin.call(data).square().sum().backward();
        double[][] found = [.. twin.parameters().Select(parameter => parameter.grad is { } grad ? grad.data<double>().ToArray() : [])];
        Assert.Equal(expected.Length, found.Length);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First.Sum(), pair.Second.Sum(), 1e-9));
    }

    [Fact]
    public void A_layer_that_is_null_is_refused_at_once()
    {
        using ContractionOperator one = new(new BoundedLinear(2, 2), 0.5);
        Assert.Contains("is null", Assert.Throws<ArgumentException>(() => new ExplicitOperator(one, one, null!)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_contracts_to_a_point()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork twin = Twin();
        ContractionReport report = twin.MeasureContraction(randn(5, 3, dtype: ScalarType.Float64));
        Assert.Equal((0.0, 0.0), (report.Declared, report.Certified));
        Assert.InRange(report.Measured, 0, 1e-30);
    }

    [Fact]
    public void A_sample_that_is_not_finite_stays_alone()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork twin = Twin();
        twin.OnFailure = new MaskFailures();
        Tensor data = randn(3, 3, dtype: ScalarType.Float64);
        data[1, 0] = double.NaN;
        using ImplicitResult result = twin.Run(data);
        Assert.Equal([SolveStatus.Converged, SolveStatus.NonFinite, SolveStatus.Converged], result.Report.Samples.Select(sample => sample.Status));
    }

    private static ImplicitNetwork Twin()
    {
        random.manual_seed(5);
        ContractionOperator inner = new(new BoundedLinear(4, 4, ScalarType.Float64), gamma: 0.9);
        return new ImplicitNetwork(nn.Linear(3, 4, dtype: ScalarType.Float64), new ExplicitOperator(inner), nn.Linear(4, 2, dtype: ScalarType.Float64));
    }
}
