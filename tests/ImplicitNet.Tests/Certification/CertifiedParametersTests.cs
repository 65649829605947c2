using ImplicitNet.Certification;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Certification;

/// <summary>Certificates where there is no module: of solves by <see cref="Implicit"/> and the tensors that they compute with.</summary>
public sealed class CertifiedParametersTests : TensorTest
{
    private static readonly SolveSettings Tight = new() { Stopping = new StoppingRule { RelativeTolerance = 1e-12, MaxSteps = 300 } };

    [Fact]
    public void They_are_those_of_a_model_of_the_same_parameters()
    {
        using DisposeScope scope = NewDisposeScope();
        (Parameter weight, Parameter bias, Func<Tensor> losses) = Problem();
        using Holder holder = new(weight, bias);
        FixedPointGradient[] gradients = [new JacobianFreeGradient(), new NeumannGradient { Terms = 2 }, new ImplicitGradient()];
        GradientCertifier certifier = new() { GradientsBySample = true, ConditionSamples = 1 };
        IReadOnlyList<GradientCertificate> expected = certifier.Compare(holder, losses, gradients);
        IReadOnlyList<GradientCertificate> found = certifier.Compare([weight, bias], losses, gradients);
        Assert.Equal(expected.Select(each => each.ToString()), found.Select(each => each.ToString()));
        Assert.Equal(expected.Select(each => each.Gradient), found.Select(each => each.Gradient));
        Assert.Equal(expected[0].Samples, found[0].Samples);
        Assert.Equal(certifier.Certify(holder, losses).Gradient, certifier.Certify([weight, bias], losses).Gradient);
        Assert.InRange(found[2].Gradient.RelativeError, 0, 1e-8);
        Assert.InRange(found[0].Gradient.RelativeError, 1e-2, 1);
        Assert.Null(weight.grad);
    }

    /// <summary>u = tanh(u W + q): the exact gradient with respect to W by central differences.</summary>
    [Fact]
    public void The_exact_gradient_is_that_of_finite_differences()
    {
        using DisposeScope scope = NewDisposeScope();
        (Parameter weight, _, Func<Tensor> losses) = Problem();
        Tensor exact = zeros_like(weight);
        const double step = 1e-5;
        using (no_grad())
        {
            for (int place = 0; place < weight.numel(); place++)
            {
                Tensor direction = zeros_like(weight);
                direction.view(-1)[place] = step;
                weight.add_(direction);
                double above = losses().mean().ToDouble();
                weight.sub_(2 * direction);
                double below = losses().mean().ToDouble();
                weight.add_(direction);
                exact.view(-1)[place] = (above - below) / (2 * step);
            }
        }

        losses().mean().backward();
        Tensor used = weight.grad!.clone();
        Agreement expected = new((used.flatten().dot(exact.flatten()) / (used.norm() * exact.norm())).ToDouble(), ((used - exact).norm() / exact.norm()).ToDouble());
        Agreement found = new GradientCertifier().Certify([weight], losses).Gradient;
        Assert.Equal(expected.Cosine, found.Cosine, 1e-7);
        Assert.Equal(expected.RelativeError, found.RelativeError, 1e-6);
    }

    [Fact]
    public void What_is_no_parameter_is_refused_or_passed_over()
    {
        using DisposeScope scope = NewDisposeScope();
        (Parameter weight, Parameter bias, Func<Tensor> losses) = Problem();
        GradientCertifier certifier = new();
        Tensor constant = ones(3, dtype: ScalarType.Float64);
        Assert.Equal(certifier.Certify([weight, bias], losses).Gradient, certifier.Certify([weight, constant, bias], losses).Gradient);
        Assert.Contains("No parameter requires a gradient", Assert.Throws<InvalidOperationException>(() => certifier.Certify([], losses)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "No parameter requires a gradient", Assert.Throws<InvalidOperationException>(() => certifier.Certify([constant], losses)).Message, StringComparison.Ordinal);
        Assert.Equal("parameters", Assert.Throws<ArgumentException>(() => certifier.Certify([weight, null!], losses)).ParamName);
        Assert.Equal("gradients", Assert.Throws<ArgumentException>(() => certifier.Compare([weight], losses, [null!])).ParamName);
        Assert.Equal("parameters", Assert.Throws<ArgumentNullException>(() => certifier.Certify((IEnumerable<Tensor>)null!, losses)).ParamName);
        Assert.Equal("model", Assert.Throws<ArgumentNullException>(() => certifier.Certify((nn.Module)null!, losses)).ParamName);
    }

    private static (Parameter Weight, Parameter Bias, Func<Tensor> Losses) Problem()
    {
        random.manual_seed(5);
        Parameter weight = new(randn(4, 4, ScalarType.Float64) * 0.25), bias = new(zeros(4, dtype: ScalarType.Float64));
        Tensor data = randn(6, 4, ScalarType.Float64);
        return (weight, bias, () => Implicit.Solve((u, q) => (u.mm(weight) + q + bias).tanh(), zeros_like(data), data, Tight).square().sum([1]));
    }

    private sealed class Holder : nn.Module
    {
        public Holder(params Parameter[] parameters)
            : base(nameof(Holder))
        {
            for (int place = 0; place < parameters.Length; place++)
            {
                register_parameter($"p{place}", parameters[place]);
            }
        }
    }
}
