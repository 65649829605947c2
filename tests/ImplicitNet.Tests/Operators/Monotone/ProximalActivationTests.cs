using ImplicitNet.Operators;
using ImplicitNet.Outside.Tests.Own;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators.Monotone;

public sealed class ProximalActivationTests : TensorTest
{
    public static TheoryData<double, ScalarType> Cases
    {
        get
        {
            TheoryData<double, ScalarType> cases = [];
            foreach (double alpha in (double[])[1e-3, 0.1, 0.7, 1, 1.3, 10, 1e3])
            {
                cases.Add(alpha, ScalarType.Float32);
                cases.Add(alpha, ScalarType.Float64);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Tanh_at_alpha_solves_its_optimality_condition(double alpha, ScalarType dtype)
    {
        // prox_f = tanh where f'(z) = artanh z - z, so that z + alpha (artanh z - z) = x.
        using DisposeScope scope = NewDisposeScope();
        Tensor z = linspace(-0.999, 0.999, 501, dtype: ScalarType.Float64);
        Tensor x = (z * (1 - alpha)) + (z.atanh() * alpha);
        Tensor found = LatentActivation.Tanh.Proximal(x.to(dtype), alpha);
        Assert.Equal(dtype, found.dtype);
        Assert.InRange((found.to(ScalarType.Float64) - z).abs().max().ToDouble(), 0, dtype == ScalarType.Float64 ? 1e-13 : 1e-6);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_leaky_relu_at_alpha_is_its_closed_form(double alpha, ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = linspace(-40, 40, 401, dtype: dtype);
        foreach (double slope in (double[])[0, 0.1, 0.5, 1])
        {
            // f = (1 / slope - 1) z^2 / 2 left of 0: z = x / (1 + alpha (1 / slope - 1)).
            Tensor left = slope == 0 ? zeros_like(x) : x / (1 + (alpha * ((1 / slope) - 1)));
            Tensor expected = where(x >= 0, x, left);
            Tensor closed = LatentActivation.LeakyRelu(slope).Proximal(x, alpha);
            Tensor general = ScalarResolvent.Solve(LatentActivation.LeakyRelu(slope).Apply, x, alpha);
            double rounding = dtype == ScalarType.Float64 ? 1e-12 : 1e-5;
            Assert.InRange((closed - expected).abs().max().ToDouble(), 0, rounding);
            Assert.InRange((general - expected).abs().max().ToDouble(), 0, rounding * (1 + alpha + (1 / alpha)));
        }
    }

    [Fact]
    public void An_activation_of_ones_own_that_nowhere_falls_is_a_proximal_map_at_every_alpha()
    {
        // z = x / (1 + |x|) of p: p = z / (1 - |z|).
        using DisposeScope scope = NewDisposeScope();
        RisingSoftSign own = new();
        Tensor z = linspace(-0.99, 0.99, 301, dtype: ScalarType.Float64);
        foreach (double alpha in (double[])[0.01, 0.5, 2, 100])
        {
            Tensor x = (z * (1 - alpha)) + (z / (1 - z.abs()) * alpha);
            Assert.InRange((own.Proximal(x, alpha) - z).abs().max().ToDouble(), 0, 1e-12);
        }
    }

    [Theory]
    [InlineData(1e-6)]
    [InlineData(1e4)]
    [InlineData(1e6)]
    public void In_float32_it_is_solved_to_the_rounding_of_x_however_far_alpha_is_from_1(double alpha)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor z = linspace(-0.9, 0.9, 301, dtype: ScalarType.Float64);
        Tensor x = (z * (1 - alpha)) + (z.atanh() * alpha);
        Tensor found = LatentActivation.Tanh.Proximal(x.to(ScalarType.Float32), alpha).to(ScalarType.Float64);
        Assert.InRange((found - z).abs().max().ToDouble(), 0, 3e-7);
    }

    [Theory]
    [InlineData(1e-2)]
    [InlineData(1e-9)]
    [InlineData(1e-200)]
    public void However_far_out_p_is_it_is_found_by_few_steps(double alpha)
    {
        // p is up to |x| / alpha, where float64 is coarser than z.
        using DisposeScope scope = NewDisposeScope();
        Tensor size = pow(10, linspace(-3, 2 - Math.Log10(alpha), 200, dtype: ScalarType.Float64));
        Tensor p = cat([size, -size]);
        (LatentActivation, int)[] cases = [(LatentActivation.Tanh, 60), (new RisingSoftSign(), 150)];
        foreach ((LatentActivation activation, int most) in cases)
        {
            int applied = 0;
            Tensor z = activation.Apply(p);
            Tensor found = ScalarResolvent.Solve(Counted, (z * (1 - alpha)) + (p * alpha), alpha);
            Assert.InRange((found - z).abs().max().ToDouble(), 0, 1e-13);
            Assert.InRange(applied, 1, most);

            Tensor Counted(Tensor at)
            {
                applied++;
                return activation.Apply(at);
            }
        }
    }

    [Fact]
    public void On_a_staircase_it_neither_goes_round_in_circles_nor_stops_on_a_flat()
    {
        // Steps of slope 1 between flats: x = (1 - alpha) act(p) + alpha p.
        using DisposeScope scope = NewDisposeScope();
        Staircase own = new();
        Tensor p = linspace(-6, 6, 1201, dtype: ScalarType.Float64) + 0.003;
        foreach (double alpha in (double[])[1e-3, 0.1, 0.3, 0.7, 1.3, 3, 100])
        {
            Tensor z = own.Apply(p);
            Tensor x = (z * (1 - alpha)) + (p * alpha);
            Assert.InRange((own.Proximal(x, alpha) - z).abs().max().ToDouble(), 0, 1e-12);

            // Alone: no other element keeps the search going.
            for (long place = 0; place < 1201; place += 50)
            {
                Assert.InRange((own.Proximal(x.narrow(0, place, 1), alpha) - z[place]).abs().ToDouble(), 0, 1e-12);
            }
        }
    }

    [Fact]
    public void Infinity_and_NaN_spoil_no_other_element()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor(new double[] { double.NaN, 0.5, double.PositiveInfinity, double.NegativeInfinity, 0 });
        Tensor found = LatentActivation.Tanh.Proximal(x, 0.5);
        Tensor alone = LatentActivation.Tanh.Proximal(x.slice(0, 1, 2, 1), 0.5);
        Assert.Equal(alone[0].ToDouble(), found[1].ToDouble());
        Assert.Equal(0, found[4].ToDouble());
        Assert.True(double.IsNaN(found[0].ToDouble()));
    }

    [Fact]
    public void An_activation_that_is_not_known_to_be_a_proximal_map_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using MonotoneLinear linear = new(2);
        string message = Assert.Throws<ArgumentException>(() => new MonotoneOperator(linear, new SoftSign())).Message;
        Assert.Contains(nameof(LatentActivation.IsProximal), message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => new SoftSign().Proximal(ones(2), 0.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => LatentActivation.Tanh.Proximal(ones(2), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => LatentActivation.Tanh.Proximal(ones(2), double.NaN));
    }

    private sealed record Staircase : LatentActivation
    {
        public override bool IsProximal => true;

        public override Tensor Apply(Tensor x) => x.clamp(0, 1) + (x - 3).clamp(0, 1) + (x + 3).clamp(-1, 0);
    }

    private sealed record RisingSoftSign : LatentActivation
    {
        public override bool IsProximal => true;

        public override Tensor Apply(Tensor x) => x / (1 + x.abs());
    }
}
