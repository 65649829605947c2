using System.Runtime.InteropServices;
using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// Calls what a user has written: an error of the native library comes out in one line that says what the module was given.
/// </summary>
internal static class ForeignModule
{
    /// <summary>The module's value.</summary>
    /// <param name="module">Any.</param>
    /// <param name="input">Its input.</param>
    /// <param name="role">What it is called in the message, such as "encoder".</param>
    /// <exception cref="ArgumentException">The module cannot take the input.</exception>
    /// <exception cref="InvalidOperationException">The module returned null.</exception>
    public static Tensor Call(nn.Module<Tensor, Tensor> module, Tensor input, string role)
    {
        try
        {
            return module.call(input) ?? throw new InvalidOperationException($"The {role} returned null.");
        }
        catch (ExternalException exception)
        {
            throw new ArgumentException(
                $"The {role} cannot take {TensorCheck.Describe(input)}: {TorchMessage.InOneLine(exception.Message)}", nameof(input));
        }
    }

    /// <summary>As above, for a module of u and q.</summary>
    public static Tensor Call(nn.Module<Tensor, Tensor, Tensor> module, Tensor latent, Tensor input)
    {
        try
        {
            return module.call(latent, input);
        }
        catch (ExternalException exception)
        {
            throw Refusal("The operator", latent, input, exception);
        }
    }

    /// <summary>What to throw where an operation on u and q failed.</summary>
    public static ArgumentException Refusal(string who, Tensor latent, Tensor input, ExternalException exception) => new(
        $"{who} cannot take u, {TensorCheck.Describe(latent)}, with q, {TensorCheck.Describe(input)}: "
        + $"{TorchMessage.InOneLine(exception.Message)}", nameof(latent));
}
