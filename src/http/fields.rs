//! Turns the texts of a request into what the service layer takes, and notes every wrong field.
//! The order in which fields are read is the order in which the old API complained.

use super::json::Text;
use super::problem::{FieldError, Problem};
use super::problem_kind::{self as kind, ProblemKind};
use crate::domain::email::Email;
use crate::domain::password::{NewPassword, PasswordPolicy, ShapedPassword};

/// What was wrong so far.
#[derive(Debug)]
pub struct Fields {
    policy: PasswordPolicy,
    errors: Vec<FieldError>,
}

impl Fields {
    pub fn new(policy: &PasswordPolicy) -> Self {
        Self {
            policy: *policy,
            errors: Vec::new(),
        }
    }

    /// The field `email`.
    pub fn email(&mut self, text: &Text) -> Option<Email> {
        let email = text.get().and_then(|text| Email::parse(text).ok());
        self.or_note(email, "email", &kind::INVALID_EMAIL)
    }

    /// A field that must not be empty.
    pub fn required<'t>(
        &mut self,
        field: &'static str,
        text: &'t Text,
        missing: &'static ProblemKind,
    ) -> Option<&'t str> {
        self.or_note(text.given(), field, missing)
    }

    /// A new password and its repetition: given, equal, and of the right shape.
    pub fn new_password(
        &mut self,
        field: &'static str,
        text: &Text,
        confirm: &Text,
    ) -> Option<ShapedPassword> {
        let same = text.given().filter(|text| confirm.get() == Some(text));
        let typed = self.or_note(same, field, &kind::PASSWORD_MISMATCH)?;
        match self.policy.check_shape(typed) {
            Ok(password) => Some(password),
            Err(violation) => {
                self.errors
                    .push(FieldError::policy(field, violation, &self.policy));
                None
            }
        }
    }

    /// The answer to a request with wrong fields.
    pub fn into_problem(self) -> Problem {
        Problem::of_fields(self.errors)
    }

    /// The new password, unless it is easy to guess. That takes a while to find out, so limits come
    /// before it.
    pub fn hard_to_guess(
        mut self,
        field: &'static str,
        password: ShapedPassword,
        email: &Email,
    ) -> Result<NewPassword, Problem> {
        password
            .check_guess(Some(email.key()))
            .map_err(|violation| {
                let error = FieldError::policy(field, violation, &self.policy);
                self.errors.push(error);
                self.into_problem()
            })
    }

    fn or_note<T>(
        &mut self,
        value: Option<T>,
        field: &'static str,
        wrong: &'static ProblemKind,
    ) -> Option<T> {
        if value.is_none() {
            self.errors.push(FieldError::new(field, wrong));
        }
        value
    }
}
