using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>What a tensor looks like, without the tensor.</summary>
/// <param name="Shape">Its shape.</param>
/// <param name="Dtype">Its dtype.</param>
/// <param name="Device">Its device.</param>
internal readonly record struct TensorForm(long[] Shape, ScalarType Dtype, Device Device)
{
    public static TensorForm Of(Tensor tensor) => new(tensor.shape, tensor.dtype, tensor.device);

    /// <summary>NaN everywhere; null for a dtype that has none, to which no gradient goes. The caller owns it.</summary>
    public Tensor? NaN() => is_floating_point(Dtype) ? full(Shape, double.NaN, dtype: Dtype, device: Device) : null;
}
