using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class L1BallTests : TensorTest
{
    public static TheoryData<ScalarType, double> Dtypes => new()
    {
        { ScalarType.Float64, 1e-9 }, { ScalarType.Float32, 1e-6 }, { ScalarType.Float16, 1e-3 }, { ScalarType.BFloat16, 1e-2 },
    };

    [Theory]
    [MemberData(nameof(Dtypes))]
    public void The_projections_known_in_closed_form_come_out(ScalarType dtype, double error)
    {
        using DisposeScope scope = NewDisposeScope();
        (double[] Vector, double Radius, double[] Nearest)[] known =
        [
            ([3, -1, 0.5], 1, [1, 0, 0]),
            ([0.8, -0.6, 0.1], 1, [0.6, -0.4, 0]),
            ([0.5, -0.25], 1, [0.5, -0.25]),
            ([2, 2, 2, 2], 2, [0.5, 0.5, 0.5, 0.5]),
            ([-5], 0.5, [-0.5]),
            ([0, 0], 1, [0, 0]),
        ];
        foreach ((double[] vector, double radius, double[] nearest) in known)
        {
            Tensor projected = L1Ball.Project(tensor(vector).to(dtype), radius);
            Assert.Equal(dtype, projected.dtype);
            double[] found = [.. projected.to(ScalarType.Float64).data<double>()];
            Assert.All(found.Zip(nearest), pair => Assert.Equal(pair.Second, pair.First, error * Math.Max(1, radius)));
        }
    }

    [Fact]
    public void No_point_of_the_ball_is_nearer_whatever_the_scales()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(7);
        foreach (double scale in new[] { 1e-6, 1e-3, 1, 1e3, 1e6, 1e150 })
        {
            foreach (double radius in new[] { 1e-6, 0.9, 5 })
            {
                Tensor vectors = randn([20, 3, 9], ScalarType.Float64) * scale;
                Tensor projected = L1Ball.Project(vectors, radius);
                Assert.InRange(projected.abs().sum(-1).max().ToDouble(), 0, radius * (1 + 1e-14));

                // The point of a ball nearest to v has the largest product with v - p: that product is radius max |v - p|.
                Tensor apart = vectors - projected;
                Tensor most = radius * apart.abs().amax([-1]);
                Tensor own = (apart * projected).sum(-1);
                Assert.True(own.ge(most * (1 - 1e-12)).all().ToBoolean(), $"scale {scale}, radius {radius}");
            }
        }
    }

    [Fact]
    public void What_is_in_the_ball_stays_to_the_bit_and_projecting_twice_changes_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor inside = tensor(new double[,] { { 0.3, -0.3, 0.1 }, { 0, 0, 1 } });
        Assert.Equal(inside.data<double>().ToArray(), L1Ball.Project(inside, 1).data<double>().ToArray());
        Tensor once = L1Ball.Project(randn(10, 8, ScalarType.Float64), 1);
        Assert.True(L1Ball.Project(once, 1).allclose(once, 0, 1e-15));
    }

    [Fact]
    public void Its_derivative_is_that_of_central_differences()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        Tensor vectors = randn(6, 5, ScalarType.Float64), weights = randn(6, 5, ScalarType.Float64);
        Tensor variable = vectors.clone().requires_grad_(true);
        (L1Ball.Project(variable, 1) * weights).sum().backward();
        for (int row = 0; row < 6; row++)
        {
            for (int column = 0; column < 5; column++)
            {
                Tensor step = zeros_like(vectors);
                step[row, column] = 1e-6;
                double difference = ((L1Ball.Project(vectors + step, 1) - L1Ball.Project(vectors - step, 1)) * weights).sum().ToDouble() / 2e-6;
                Assert.Equal(difference, variable.grad![row, column].ToDouble(), 1e-8);
            }
        }
    }

    [Fact]
    public void Nothing_to_project_and_what_is_no_number_stay_that_and_bad_arguments_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Equal([0, 3], L1Ball.Project(zeros(0, 3), 1).shape);
        Assert.Equal([3, 0], L1Ball.Project(zeros(3, 0), 1).shape);
        Assert.True(L1Ball.Project(tensor(new[] { double.NaN, 1 }), 1).isnan().all().ToBoolean());
        foreach (double radius in new[] { 0, -1, double.NaN, double.PositiveInfinity })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => L1Ball.Project(ones(2), radius));
        }

        Assert.Throws<ArgumentException>(() => L1Ball.Project(ones([2], ScalarType.Int64), 1));
        Assert.Throws<ArgumentNullException>(() => L1Ball.Project(null!, 1));
    }
}
