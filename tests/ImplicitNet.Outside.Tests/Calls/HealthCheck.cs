using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Calls;

/// <summary>A plain call after a hostile one: what failed must not poison what comes after.</summary>
internal static class HealthCheck
{
    private static double? _right;

    /// <summary>What is wrong with a solve and its exact gradient; null where they are what they were the first time.</summary>
    public static string? Objection()
    {
        try
        {
            double value = Value();
            _right ??= value;
            return value == _right ? null : $"afterwards a healthy layer gives {value:r} instead of {_right:r}";
        }
        catch (Exception exception)
        {
            return $"afterwards a healthy layer throws {exception.GetType().Name}: {exception.Message.Split('\n')[0]}";
        }
    }

    private static double Value()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        using ImplicitLayer layer = new(new ContractionOperator(new BoundedLinear(3, 3), 0.5)) { Gradient = new ImplicitGradient() };
        Tensor q = (ones(2, 3) * 0.7).requires_grad_();
        Tensor output = layer.call(q);
        output.square().sum().backward();
        return output.sum().ToDouble() + q.grad!.sum().ToDouble();
    }
}
