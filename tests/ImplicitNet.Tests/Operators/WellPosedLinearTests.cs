using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class WellPosedLinearTests : TensorTest
{
    public static TheoryData<string> Conditions => ["RowSums", "RowProjection", "PerronFrobenius"];

    [Fact]
    public void A_matrix_whose_rows_are_long_and_whose_eigenvalue_is_small_is_taken_unchanged_and_converges()
    {
        using DisposeScope scope = NewDisposeScope();
        double eigenvalue = Math.Sqrt(0.4);
        Tensor matrix = tensor(new double[,] { { 0, 4 }, { 0.1, 0 } });
        foreach (double gamma in new[] { eigenvalue + 1e-9, 0.7, 0.95 })
        {
            using ContractionOperator contraction = new(Layer(matrix, WellPosedness.PerronFrobenius), gamma, LatentActivation.LeakyRelu(1));
            Tensor q = tensor(new double[,] { { 1, -2 }, { 0, 5 } });
            using FixedPointMap map = contraction.Bind(q);
            Assert.Equal(matrix.data<double>().ToArray(), map.Inputs.Shared[0].detach().contiguous().data<double>().ToArray());
            Assert.Equal(eigenvalue, contraction.CertifyFactor(), 1e-9);
            using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q), stopping: new StoppingRule { RelativeTolerance = 1e-12 });
            Tensor exact = linalg.solve(eye(2, dtype: ScalarType.Float64) - matrix, q.T).T;
            Assert.True(solution.Report.AllConverged);
            Assert.True(solution.Latent.allclose(exact, 1e-10, 1e-10));

            // d = (6.3246, 1), so that both rows of D^-1 A D have the sum 0.63246.
            Assert.Equal(10 * eigenvalue, contraction.Norm.PartsOf(2)![1].Weight / contraction.Norm.PartsOf(2)![0].Weight, 1e-6);
            Assert.Equal(contraction.Norm, solution.Report.ErrorNorm);
            ContractionReport report = Contraction.Report(contraction, q, solution.Latent);
            Assert.Equal(eigenvalue, report.Measured, 1e-9);
            Assert.False(report.IsContradicted);
        }

        using ContractionOperator below = new(Layer(matrix, WellPosedness.PerronFrobenius), 0.5);
        using ContractionOperator rows = new(Layer(matrix, WellPosedness.RowSums), 0.7);
        using FixedPointMap scaled = below.Bind(zeros(1, 2, ScalarType.Float64)), divided = rows.Bind(zeros(1, 2, ScalarType.Float64));
        Assert.Equal(4 * 0.5 / eigenvalue, scaled.Inputs.Shared[0][0, 1].ToDouble(), 1e-8);
        Assert.Equal([0, 0.7, 0.1, 0], divided.Inputs.Shared[0].detach().data<double>().ToArray().Select(element => Math.Round(element, 8)));
    }

    /// <summary>What layers one after the other make of their input is the fixed point of one block-triangular matrix.</summary>
    [Fact]
    public void Layers_one_after_the_other_are_a_block_triangular_matrix_and_Picard_stops_after_them()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        const int width = 6, layers = 4;
        foreach (ScalarType dtype in new[] { ScalarType.Float64, ScalarType.Float32 })
        {
            Tensor data = randn(5, width).to(dtype);
            Tensor[] weights = [.. Enumerable.Range(0, layers).Select(_ => randn(width, width).to(dtype))];
            Tensor[] biases = [.. Enumerable.Range(0, layers).Select(_ => randn(width).to(dtype))];
            Tensor output = data;
            for (int layer = 0; layer < layers; layer++)
            {
                output = nn.functional.relu(output.mm(weights[layer].T) + biases[layer]);
            }

            // u holds the last layer first; the first layer's product with the data is in q.
            Tensor matrix = zeros(layers * width, layers * width, dtype);
            Tensor q = zeros(5, layers * width, dtype);
            for (int layer = 0; layer < layers; layer++)
            {
                int row = (layers - 1 - layer) * width;
                q.narrow(1, row, width).copy_(layer == 0 ? data.mm(weights[0].T) + biases[0] : biases[layer].expand(5, width));
                if (layer > 0)
                {
                    matrix.narrow(0, row, width).narrow(1, row + width, width).copy_(weights[layer]);
                }
            }

            using ContractionOperator contraction = new(Layer(matrix, WellPosedness.PerronFrobenius), 0.9, LatentActivation.LeakyRelu(0));
            using FixedPointMap map = contraction.Bind(q);
            Assert.True(map.Inputs.Shared[0].eq(matrix).all().ToBoolean());
            Assert.InRange(contraction.CertifyFactor(), 0, 0.9);
            StoppingRule exactly = new() { AbsoluteTolerance = 0, RelativeTolerance = 0 };
            using FixedPointSolution fromZero = FixedPoint.Solve(map, zeros_like(q), stopping: exactly);
            using FixedPointSolution fromStart = FixedPoint.Solve(map, contraction.StartingLatent(q), stopping: exactly);
            Assert.True(fromZero.Latent.narrow(1, 0, width).allclose(output, 1e-6, 1e-6));
            Assert.All(fromZero.Report.Samples, sample => Assert.Equal((SolveStatus.Converged, layers + 1), (sample.Status, sample.Steps)));
            Assert.All(fromStart.Report.Samples, sample => Assert.Equal((SolveStatus.Converged, layers), (sample.Status, sample.Steps)));
        }
    }

    [Theory]
    [MemberData(nameof(Conditions))]
    public void The_derivative_of_the_weight_as_it_is_applied_is_that_of_central_differences(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        foreach (double scale in new[] { 0.05, 1, 30 })
        {
            Tensor matrix = randn(4, 4, ScalarType.Float64) * scale, weights = randn(4, 4, ScalarType.Float64);
            using WellPosedLinear layer = Layer(matrix, Condition(name));
            (layer.ScaledWeight(0.9) * weights).sum().backward();
            for (int place = 0; place < 16; place++)
            {
                double[] ends = [.. new[] { 1e-6, -1e-6 }.Select(step =>
                {
                    Tensor moved = matrix.clone();
                    moved[place / 4, place % 4] = moved[place / 4, place % 4] + (step * scale);
                    using WellPosedLinear other = Layer(moved, Condition(name));
                    using IDisposable noGraph = no_grad();
                    return (other.ScaledWeight(0.9) * weights).sum().ToDouble();
                })];
                Assert.Equal((ends[0] - ends[1]) / (2e-6 * scale), layer.Weight.grad![place / 4, place % 4].ToDouble(), 1e-7 * Math.Max(1, 1 / scale));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Conditions))]
    public void The_declared_factor_holds_in_every_dtype_and_the_distance_is_within_the_bound(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(6);
        foreach (ScalarType dtype in new[] { ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16 })
        {
            foreach (double scale in new[] { 1e-6, 1e-2, 1, 100 })
            {
                foreach (double gamma in new[] { 1e-6, 0.3, 0.99 })
                {
                    using ContractionOperator contraction = new(Layer((randn(7, 7) * scale).to(dtype), Condition(name)), gamma, LatentActivation.Tanh);
                    Assert.InRange(contraction.CertifyFactor(), 0, gamma);
                    Tensor q = randn(3, 7).to(dtype);
                    ContractionReport report = Contraction.Report(contraction, q, contraction.StartingLatent(q));
                    Assert.False(report.IsStated);
                    Assert.InRange(report.Measured, 0, gamma * (1 + (dtype == ScalarType.Float64 ? 1e-12 : 0.02)));
                    if (dtype == ScalarType.Float64)
                    {
                        using FixedPointMap map = contraction.Bind(q);
                        using FixedPointSolution exact = FixedPoint.Solve(map, q, stopping: new StoppingRule { RelativeTolerance = 1e-13, MaxSteps = 5000 });
                        using FixedPointSolution rough = FixedPoint.Solve(map, q, stopping: new StoppingRule { RelativeTolerance = 0.1 });
                        using Tensor distance = contraction.Norm.Measure(rough.Latent - exact.Latent);
                        Assert.All(rough.Report.Samples.Zip(distance.data<double>().ToArray()), pair => Assert.InRange(pair.Second, 0, pair.First.ErrorBound!.Value + 1e-10));
                    }
                }
            }
        }
    }

    [Fact]
    public void A_row_within_the_limit_stays_as_it_is_whatever_the_others_are()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor matrix = tensor(new double[,] { { 0.1, -0.2 }, { 30, 10 } });
        foreach (WellPosedness condition in new[] { WellPosedness.RowSums, WellPosedness.RowProjection })
        {
            using WellPosedLinear layer = Layer(matrix, condition);
            double[] applied = [.. layer.ScaledWeight(0.8).data<double>()];
            Assert.Equal([0.1, -0.2], applied[..2]);
            double[] expected = condition == WellPosedness.RowSums ? [0.6, 0.2] : [0.8, 0];
            Assert.All(applied[2..].Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-9));
        }
    }

    [Fact]
    public void Weights_of_any_kind_are_bounded_and_none_fails()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor reducible = tensor(new double[,] { { 1, 0, 0 }, { 5, 0.5, 0 }, { 0, 0, 0 } });
        Tensor nilpotent = tensor(new double[,] { { 0, 1e6, 1e6 }, { 0, 0, 1e6 }, { 0, 0, 0 } });
        Tensor tied = eye(3, dtype: ScalarType.Float64) * 2;
        foreach (Tensor matrix in new[] { reducible, nilpotent, tied, zeros(3, 3, ScalarType.Float64), ones(3, 3, ScalarType.Float64) * 1e300, randn(1, 1, ScalarType.Float64) })
        {
            foreach (string name in Conditions.Select(row => row.Data))
            {
                using WellPosedLinear layer = Layer(matrix, Condition(name));
                Assert.InRange(layer.CertifyNorm(), 0, 1);
            }
        }

        using WellPosedLinear unchanged = Layer(reducible / 1.2, WellPosedness.PerronFrobenius);
        Assert.True(unchanged.NormalizedWeight().eq(reducible / 1.2).all().ToBoolean());
        using WellPosedLinear none = Layer(reducible * double.NaN, WellPosedness.PerronFrobenius);
        Assert.True(double.IsNaN(none.CertifyNorm()));
    }

    [Fact]
    public void The_vectors_of_a_weight_are_found_anew_when_it_changes()
    {
        using DisposeScope scope = NewDisposeScope();
        using WellPosedLinear layer = Layer(tensor(new double[,] { { 0, 4 }, { 0.1, 0 } }), WellPosedness.PerronFrobenius);
        ResidualNorm before = layer.Norm;
        Assert.Equal(before, layer.Norm);
        using (no_grad())
        {
            layer.Weight.copy_(layer.Weight.T.clone());
        }

        Assert.NotEqual(before, layer.Norm);
        Assert.Equal(Math.Sqrt(0.4), layer.CertifyNorm(), 1e-9);
    }

    [Fact]
    public void A_sequence_takes_parts_of_one_norm_that_stays()
    {
        using DisposeScope scope = NewDisposeScope();
        WellPosedLinear Part(WellPosedness condition) => Layer(zeros(3, 3), condition);
        using BoundedSequence rows = new([Part(WellPosedness.RowSums), Part(WellPosedness.RowProjection)], LatentActivation.Tanh);
        Assert.Equal(ResidualNorm.Max, new ContractionOperator(rows, 0.5).Norm);
        using ContractionOperator single = new(new BoundedSequence([new BoundedResidual(Part(WellPosedness.PerronFrobenius))]), 0.5);
        Assert.InRange(single.CertifyFactor(), 0, 0.5);

        // Equal now, and not when the weights have moved.
        using WellPosedLinear one = Part(WellPosedness.PerronFrobenius), other = Part(WellPosedness.PerronFrobenius), third = Part(WellPosedness.RowSums);
        using BoundedLinear length = new(3, 3);
        Assert.Contains("moves with its weights", Assert.Throws<ArgumentException>(() => new BoundedSequence([one, other])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new BoundedSequence([third, length]));
    }

    private static WellPosedness Condition(string name) => name switch
    {
        "RowSums" => WellPosedness.RowSums,
        "RowProjection" => WellPosedness.RowProjection,
        _ => WellPosedness.PerronFrobenius,
    };

    private static WellPosedLinear Layer(Tensor matrix, WellPosedness condition)
    {
        WellPosedLinear layer = new(matrix.shape[0], condition, matrix.dtype);
        using IDisposable noGraph = no_grad();
        layer.Weight.copy_(matrix);
        return layer;
    }
}
