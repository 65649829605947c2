using ImplicitNet.Differentiation;
using ImplicitNet.Flows;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models.Flows;

public sealed class FlowArchitectureTests : TensorTest
{
    private static readonly FlowSettings Tight = new()
    {
        Steps = new PidController { RelativeTolerance = 1e-9, AbsoluteTolerance = 1e-9 },
    };

    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    public void The_Jacobian_of_an_antisymmetric_field_at_rest_has_eigenvalues_of_one_real_part(double damping)
    {
        random.manual_seed(1);
        using DisposeScope scope = NewDisposeScope();
        using AntisymmetricField field = new(5, damping);
        field.to(ScalarType.Float64);

        using (no_grad())
        {
            field.state_dict()["linear.bias"].zero_();
        }

        // At u = 0 and b = 0 the derivative of tanh is 1. Row by row: J^T e_i.
        Tensor at = zeros(5, 5, ScalarType.Float64).requires_grad_();
        Tensor jacobian = VectorProducts.TransposeProduct(field.call(at), at, eye(5, dtype: ScalarType.Float64));
        Tensor symmetric = (jacobian + jacobian.t()) / 2;
        Assert.True((symmetric + (damping * eye(5, dtype: ScalarType.Float64))).abs().max().ToDouble() < 1e-15);
        Assert.True(jacobian.abs().max().ToDouble() > 0.1);
        Assert.Throws<ArgumentOutOfRangeException>(() => new AntisymmetricField(5, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AntisymmetricField(5, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AntisymmetricField(0));
    }

    [Fact]
    public void States_in_a_parabolic_field_never_come_further_apart()
    {
        random.manual_seed(2);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using ParabolicField field = new(4, 9);
        field.to(ScalarType.Float64);
        Dictionary<string, Tensor> weights = field.state_dict();
        weights["linear.weight"].mul_(3);
        Tensor u = randn(50, 4, ScalarType.Float64), k = weights["linear.weight"], b = weights["linear.bias"];
        Assert.True((field.call(u) + (u.mm(k.t()) + b).clamp_min(0).mm(k)).abs().max().ToDouble() < 1e-13);
        using FlowLayer layer = new(field) { Settings = Tight };
        using FlowResult flow = layer.Run(u, FlowTimes.At(0, 0.1, 0.5, 2));
        for (int time = 1; time < 4; time++)
        {
            Tensor apart = pdist(flow.States[time]), before = pdist(flow.States[time - 1]);
            Assert.True((apart <= before + 1e-7).all().ToBoolean());
            Assert.True((apart < before * 0.999).any().ToBoolean());
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => new ParabolicField(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ParabolicField(1, 0));

        static Tensor pdist(Tensor x) => (x.unsqueeze(0) - x.unsqueeze(1)).norm(2);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void As_many_Euler_steps_of_length_1_are_a_residual_network_of_as_many_layers_to_the_bit(ScalarType dtype)
    {
        random.manual_seed(3);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        const int layers = 7;
        nn.Module<Tensor, Tensor> block = nn.Sequential(nn.Linear(5, 11), nn.Tanh(), nn.Linear(11, 5));
        using FlowLayer flow = new(block, FlowTimes.Between(0, layers))
        {
            Settings = new FlowSettings { Solver = new ExplicitRungeKutta(ButcherTableau.Euler), Steps = new FixedSteps(layers) },
        };
        flow.to(dtype);
        Tensor u = randn(6, 5, dtype), end = flow.call(u);
        for (int layer = 0; layer < layers; layer++)
        {
            u += block.call(u);
        }

        Assert.True(end.eq(u).all().ToBoolean());
    }

    [Fact]
    public void A_multistep_network_is_its_recurrence_and_a_residual_network_where_it_looks_back_at_nothing()
    {
        random.manual_seed(4);
        using DisposeScope scope = NewDisposeScope();
        nn.Module<Tensor, Tensor>[] layers = [.. Enumerable.Range(0, 3).Select(_ => nn.Sequential(nn.Linear(4, 4), nn.Tanh()))];
        using LinearMultistepNetwork network = new(layers);
        Assert.Equal([2L], network.Shares.shape);
        Assert.True((network.Shares <= 0).all().ToBoolean() && (network.Shares >= -0.1).all().ToBoolean());
        network.to(ScalarType.Float64);
        Tensor u = randn(5, 4, ScalarType.Float64);
        double[] k = [.. network.Shares.data<double>()];
        Tensor one = u + layers[0].call(u), two = ((1 - k[0]) * one) + (k[0] * u) + layers[1].call(one);
        Tensor three = ((1 - k[1]) * two) + (k[1] * one) + layers[2].call(two);
        Assert.True((network.call(u) - three).abs().max().ToDouble() < 1e-14);
        network.call(u).sum().backward();
        Assert.All(network.parameters(), parameter => Assert.True(parameter.grad!.abs().max().ToDouble() > 0));
        using (no_grad())
        {
            network.Shares.zero_();
        }

        Tensor residual = u;
        foreach (nn.Module<Tensor, Tensor> layer in layers)
        {
            residual += layer.call(residual);
        }

        Assert.True((network.call(u) - residual).abs().max().ToDouble() < 1e-14);
        Assert.Throws<ArgumentException>(() => new LinearMultistepNetwork());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Gradients_of_the_fields_are_those_of_differences(bool isAntisymmetric)
    {
        random.manual_seed(5);
        using DisposeScope scope = NewDisposeScope();
        using FlowLayer layer = new(isAntisymmetric ? new AntisymmetricField(3, 0.1) : new ParabolicField(3, 5))
        {
            Settings = new FlowSettings { Steps = new FixedSteps(4) },
        };
        layer.to(ScalarType.Float64);
        Tensor u = randn(4, 3, ScalarType.Float64);
        layer.call(u).square().sum().backward();
        foreach ((string name, Parameter parameter) in layer.named_parameters())
        {
            using IDisposable noGraph = no_grad();
            Tensor direction = randn_like(parameter);
            double exact = (parameter.grad! * direction).sum().ToDouble(), above = Moved(1e-6), below = Moved(-2e-6);
            double difference = (above - below) / 2e-6;
            parameter.add_(direction, 1e-6);
            Assert.True(Math.Abs(exact - difference) < 1e-6 * (1 + Math.Abs(exact)), $"{name}: {exact} and by differences {difference}");

            double Moved(double by)
            {
                parameter.add_(direction, by);
                return layer.call(u).square().sum().ToDouble();
            }
        }
    }
}
